// What was typed into a command's form, held against its declaration.
import type {DeclaredArgument, DeclaredCommand, Value} from '../api/types';

export type Fault = 'required' | 'notANumber' | 'notWhole' | 'range';
export interface Parsed {
  args: Record<string, Value>;
  faults: Record<string, Fault>;
}

/** Empty text: not given. */
export function parseArguments(declared: DeclaredCommand, typed: Record<string, string>): Parsed {
  const parsed: Parsed = {args: {}, faults: {}};
  for (const [name, argument] of Object.entries(declared.args ?? {})) {
    const text = typed[name] ?? '';
    if (text === '') {
      if (argument.required !== false) parsed.faults[name] = 'required';
      continue;
    }
    const value = parseOne(argument, text);
    if (typeof value === 'object') parsed.faults[name] = value.fault;
    else parsed.args[name] = value;
  }
  return parsed;
}

function parseOne({type, min, max}: DeclaredArgument, text: string): Value | {fault: Fault} {
  if (type === 'boolean') return text === 'true';
  if (type !== 'number' && type !== 'integer') return text;
  const value = Number(text.replace(',', '.'));
  if (text.trim() === '' || !Number.isFinite(value)) return {fault: 'notANumber'};
  if (type === 'integer' && !Number.isSafeInteger(value)) return {fault: 'notWhole'};
  if (value < (min ?? -Infinity) || value > (max ?? Infinity)) return {fault: 'range'};
  return value;
}
