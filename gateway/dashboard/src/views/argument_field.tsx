import type {DeclaredArgument} from '../api/types';
import type {Messages} from '../i18n/en';
import {prettyUnit} from '../format/units';
import {words} from '../i18n/language';
import type {Fault} from '../state/arguments';

interface Props {
  id: string;
  name: string;
  argument: DeclaredArgument;
  text: string;
  fault: Fault | undefined;
  change: (text: string) => void;
}

export function ArgumentField({id, name, argument, text, fault, change}: Props) {
  const w = words.value.commands;
  const unit = prettyUnit(argument.unit);
  const hint = hintFor(argument, w, unit);
  const problem = fault === 'range' ? hint : fault && w[fault];
  return (
    <div class="field">
      <label for={id}>{name}{argument.required === false && <span class="quiet"> ({w.optional})</span>}</label>
      <div class="input">
        <Input id={id} argument={argument} text={text} faulty={fault !== undefined} change={change} />
        {unit && <span class="unit">{unit}</span>}
      </div>
      <p id={`${id}.hint`} class={problem ? 'problem' : 'quiet small'}>{problem || hint}</p>
    </div>
  );
}

function Input({id, argument, text, faulty, change}: Omit<Props, 'name' | 'fault'> & {faulty: boolean}) {
  const {type, min, max, values} = argument;
  const common = {id, value: text, 'aria-describedby': `${id}.hint`, 'aria-invalid': faulty};
  const w = words.value;
  if (type === 'enum' || type === 'boolean') {
    const options = type === 'enum' ? (values ?? []).map((v) => [v, v]) : [['true', w.yes], ['false', w.no]];
    return (
      <select {...common} onChange={(event) => change(event.currentTarget.value)}>
        <option value="">{argument.required === false ? '–' : w.commands.choose}</option>
        {options.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
      </select>
    );
  }
  const numeric = type === 'number' || type === 'integer';
  const slider = numeric && min !== undefined && max !== undefined;
  const onInput = (event: {currentTarget: HTMLInputElement}) => change(event.currentTarget.value);
  return (
    <>
      <input {...common} type="text" inputMode={numeric ? (min !== undefined && min >= 0 ? 'decimal' : 'text') : 'text'} autocomplete="off" onInput={onInput} />
      {slider && (
        <input type="range" min={min} max={max} step={type === 'integer' ? 1 : stepOf(max - min)} value={text === '' ? min : text}
          aria-hidden="true" tabIndex={-1} onInput={onInput} />
      )}
    </>
  );
}

/** About a hundred steps, each a round number. */
export function stepOf(range: number): number {
  return 10 ** Math.floor(Math.log10(range / 100) + 0.5);
}

function hintFor({min, max, type}: DeclaredArgument, w: Messages['commands'], unit: string): string {
  if (type !== 'number' && type !== 'integer') return '';
  if (min !== undefined && max !== undefined) return w.range(String(min), String(max), unit);
  if (min !== undefined) return w.atLeast(String(min), unit);
  return max !== undefined ? w.atMost(String(max), unit) : '';
}
