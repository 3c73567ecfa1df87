import {useRef, useState} from 'preact/hooks';

import {newKey, sendCommand} from '../api/commands';
import {Problem} from '../api/http';
import type {DeclaredCommand} from '../api/types';
import {words} from '../i18n/language';
import {model} from '../state/app';
import {parseArguments} from '../state/arguments';
import type {DeviceModel} from '../state/model';
import {ArgumentField} from './argument_field';
import {CommandEntry} from './command_history';
import {Icon} from './icons';
import {Age, ValueText} from './series_row';

interface Props {
  device: DeviceModel;
  declared: DeclaredCommand;
  disabled: boolean;
}

export function CommandForm({device, declared, disabled}: Props) {
  const w = words.value.commands;
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [confirmed, setConfirmed] = useState('');
  const [shown, setShown] = useState(false); // faults, once somebody tried to send
  const {busy, problem, sent, send} = useSending(device.name, declared.name);
  const {args, faults} = parseArguments(declared, typed);
  const sure = !declared.dangerous || confirmed === declared.name;

  async function submit(event: Event) {
    event.preventDefault();
    setShown(true);
    if (disabled || busy || !sure || Object.keys(faults).length > 0) return;
    if (!(await send(args, declared.dangerous ? confirmed : undefined))) return;
    setConfirmed('');
    setShown(false);
  }

  return (
    <form class="command" data-command={declared.name} onSubmit={submit} noValidate>
      <div class="command-head">
        <h3>{declared.name}{declared.dangerous && <span class="danger"><Icon name="triangle" /></span>}</h3>
        <Current device={device} metric={declared.state_metric} />
      </div>
      <fieldset disabled={disabled}>
        {Object.entries(declared.args ?? {}).map(([name, argument]) => (
          <ArgumentField key={name} id={`${declared.name}.${name}`} name={name} argument={argument} text={typed[name] ?? ''}
            fault={shown ? faults[name] : undefined} change={(text) => setTyped({...typed, [name]: text})} />
        ))}
        {declared.dangerous && (
          <label class="field">
            <span>{w.confirm(declared.name)}</span>
            <input value={confirmed} autocomplete="off" autocapitalize="off" spellcheck={false} data-confirm
              onInput={(event) => setConfirmed(event.currentTarget.value)} />
          </label>
        )}
        <button type="submit" class={declared.dangerous ? 'primary danger' : 'primary'} disabled={busy || !sure}>
          {busy ? w.sending : problem ? w.again : w.send}
        </button>
      </fieldset>
      {sent && <ol aria-live="polite">{model.commands.value.filter(({id}) => id === sent.id).map((command) => <CommandEntry key={sent.id} command={command} since={sent.at} />)}</ol>}
      <p class="problem" role="alert">{problem && (problem.status === 0 ? w.noAnswer : w.refused(problem.message))}</p>
    </form>
  );
}

/** What the command will change, as it is now. */
function Current({device, metric}: {device: DeviceModel; metric: string | undefined}) {
  void device.metrics.value;
  const series = metric ? device.series.get(metric) : undefined;
  if (!series) return null;
  return <p class="current"><span class="quiet">{words.value.commands.current}</span> <ValueText newest={series.newest.value} /> <Age series={series} /></p>;
}

/** One key for each attempt with the same arguments: after "no answer", sending again is the same command. */
function useSending(device: string, name: string) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [sent, setSent] = useState<{id: string; at: number} | null>(null);
  const attempt = useRef({key: '', args: ''});

  async function send(args: Parameters<typeof sendCommand>[2], confirm?: string): Promise<boolean> {
    const text = JSON.stringify(args);
    if (attempt.current.args !== text || !attempt.current.key) attempt.current = {key: newKey(), args: text};
    const at = performance.now();
    setBusy(true);
    try {
      const command = await sendCommand(device, name, args, attempt.current.key, confirm);
      model.setCommand(command);
      setSent({id: command.id, at});
      attempt.current.key = '';
      setProblem(null);
      return true;
    } catch (error) {
      const failure = error as Problem;
      if (failure.status !== 0) attempt.current.key = '';
      setProblem(failure);
      return false;
    } finally {
      setBusy(false);
    }
  }
  return {busy, problem, sent, send};
}
