// How long ago, and what that means for a value.
import type {DeviceState} from '../api/types';

export interface AgeWords {
  justNow: string;
  seconds(n: number): string;
  minutes(n: number): string;
  hours(n: number): string;
  days(n: number): string;
}

export function formatAge(ms: number, words: AgeWords): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 2) return words.justNow;
  if (seconds < 120) return words.seconds(seconds);
  if (seconds < 7200) return words.minutes(Math.floor(seconds / 60));
  if (seconds < 172_800) return words.hours(Math.floor(seconds / 3600));
  return words.days(Math.floor(seconds / 86_400));
}

export type Freshness = 'fresh' | 'late' | 'old';

const unknownIntervalMs = 30_000; // of a series that was heard once
const lateMinMs = 5000;
const oldMinMs = 60_000;

/** Late: more than twice the interval that the series has shown. Old: ten times that, or its device is offline. */
export function freshness(ageMs: number, intervalMs: number | undefined, device: DeviceState): Freshness {
  const late = Math.max(lateMinMs, 2 * (intervalMs ?? unknownIntervalMs));
  if (device === 'offline' || ageMs > Math.max(oldMinMs, 10 * late)) return 'old';
  return ageMs > late ? 'late' : 'fresh';
}
