// Numbers as text: steady in width, no false precision.
import type {Value} from '../api/types';

const decimalsMax = 3;
const digits = 6; // a sensor that is better than one in a million is rare

/** How many decimals a number needs when it is rounded to three. */
export function decimalsOf(value: number): number {
  const zeros = /0*$/.exec(value.toFixed(decimalsMax))?.[0].length ?? 0;
  return Number.isFinite(value) && Math.abs(value) < 1e12 ? decimalsMax - zeros : 0;
}

/** `decimals`: what the series has shown before, so that 21.3 after 21.35 reads 21.30 and nothing jumps. */
export function formatNumber(value: number, decimals: number, language: string): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-6 || size >= 1e12)) return value.toExponential(2);
  if (size !== 0 && size < 0.01) return value.toLocaleString(language, {maximumSignificantDigits: 3});
  const room = Math.max(0, digits - Math.max(1, Math.floor(Math.log10(size || 1)) + 1)); // left of six digits
  const shown = Math.min(Math.max(decimals, decimalsOf(value)), room);
  return value.toLocaleString(language, {minimumFractionDigits: shown, maximumFractionDigits: shown});
}

export function formatValue(value: Value, decimals: number, language: string, words: {yes: string; no: string}): string {
  if (typeof value === 'number') return formatNumber(value, decimals, language);
  if (typeof value === 'boolean') return value ? words.yes : words.no;
  return value;
}
