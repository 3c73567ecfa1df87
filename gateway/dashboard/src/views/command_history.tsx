import {useComputed} from '@preact/signals';
import {useRef} from 'preact/hooks';

import type {Command, CommandState} from '../api/types';
import {words} from '../i18n/language';
import {model, now} from '../state/app';
import {Badge, type IconName} from './icons';

const shownMax = 10;
const looks: Record<CommandState, {tone: 'good' | 'warn' | 'bad' | 'quiet'; icon: IconName}> = {
  queued: {tone: 'quiet', icon: 'hollow'},
  sent: {tone: 'quiet', icon: 'half'},
  succeeded: {tone: 'good', icon: 'check'},
  failed: {tone: 'bad', icon: 'cross'},
  expired: {tone: 'warn', icon: 'clock'},
  cancelled: {tone: 'quiet', icon: 'cross'},
  unknown: {tone: 'warn', icon: 'triangle'},
};

export function CommandHistory({device}: {device: string}) {
  const commands = useComputed(() => model.commands.value.filter((command) => command.device === device).slice(0, shownMax));
  if (commands.value.length === 0) return null;
  return (
    <section>
      <h3>{words.value.commands.recent}</h3>
      <ol>{commands.value.map((command) => <CommandEntry key={command.id} command={command} />)}</ol>
    </section>
  );
}

export function CommandEntry({command, since}: {command: Command; since?: number}) {
  const w = words.value;
  const args = Object.entries(command.args ?? {}).map(([name, value]) => `${name} = ${String(value)}`).join(', ');
  return (
    <li class="entry" data-state={command.state}>
      <span class="what"><b>{command.name}</b> {args}</span>
      <Badge {...looks[command.state]}>{w.commandState[command.state]}</Badge>
      <Elapsed state={command.state} since={since} />
      <Outcome command={command} />
      <span class="quiet small by">{command.by}</span>
    </li>
  );
}

/** Seconds since it was sent from here, or seen waiting; they stand still at its end. Nothing for what ended before. */
function Elapsed({state, since}: {state: CommandState; since: number | undefined}) {
  const began = useRef(since ?? performance.now());
  const waited = useRef(since !== undefined);
  const ended = useRef<number | null>(null);
  const open = state === 'queued' || state === 'sent';
  if (open) {
    waited.current = true;
    void now.value;
  } else {
    ended.current ??= performance.now();
  }
  if (!waited.current) return null;
  const seconds = ((ended.current ?? performance.now()) - began.current) / 1000;
  return <span class="elapsed quiet" aria-hidden="true">{words.value.commands.elapsed(open ? seconds.toFixed(0) : seconds.toFixed(1))}</span>;
}

function Outcome({command: {error, result}}: {command: Command}) {
  if (error) return <span class="outcome problem">{error}</span>;
  if (result === undefined || result === null) return null;
  return <code class="outcome">{typeof result === 'string' ? result : JSON.stringify(result)}</code>;
}
