import type {Session} from '../api/types';
import {formatAge} from '../format/age';
import {words} from '../i18n/language';
import {link, model, now, reasons, settingUp, signOut} from '../state/app';
import {Badge} from './icons';
import {LanguageSwitch} from './language_switch';
import {Mark} from './mark';

export function Header({who}: {who: Session}) {
  const w = words.value;
  return (
    <header class="top">
      <div class="bar">
        <Mark />
        <h1>{w.title}</h1>
        <LinkState />
        <span class="grow" />
        <LanguageSwitch />
        <button type="button" class="plain" title={w.signedInAs(who.name, w.role[who.role])} onClick={() => void signOut()}>{w.signOut}</button>
      </div>
      <Readers />
      {who.setup && <SetUpNotice />}
      <Notices />
    </header>
  );
}

function LinkState() {
  const w = words.value.link;
  const {state} = link.value;
  return (
    <span class="link-state" role="status" data-link={state}>
      {state === 'up' && <Badge tone="good" icon="filled">{w.up}</Badge>}
      {state === 'connecting' && <Badge tone="quiet" icon="half">{w.connecting}</Badge>}
      {state === 'down' && <Badge tone="bad" icon="cross">{w.down}</Badge>}
    </span>
  );
}

/** Each reader with its devices: one glance says whether a whole line is silent. */
function Readers() {
  const w = words.value;
  const counts = new Map<string, {online: number; all: number}>();
  for (const name of model.names.value) {
    const device = model.devices.get(name);
    const reader = device?.reader.value;
    if (!device || !reader) continue;
    const count = counts.get(reader) ?? {online: 0, all: 0};
    ++count.all;
    if (device.state.value !== 'offline') ++count.online;
    counts.set(reader, count);
  }
  if (counts.size === 0) return null;
  return (
    <ul class="readers" aria-label={w.readers}>
      {[...counts].sort().map(([reader, {online, all}]) => (
        <li key={reader}>
          <Badge tone={online === all ? 'good' : online === 0 ? 'bad' : 'warn'} icon={online === all ? 'filled' : online === 0 ? 'hollow' : 'half'}>
            <b>{reader}</b> <span class="quiet">{w.devicesOf(online, all)}</span>
          </Badge>
        </li>
      ))}
    </ul>
  );
}

function SetUpNotice() {
  const w = words.value.firstUser;
  return (
    <p class="notice warn set-up">
      {w.notice} <button type="button" class="plain" onClick={() => (settingUp.value = true)}>{w.open}</button>
    </p>
  );
}

function Notices() {
  const w = words.value;
  const at = link.value;
  if (at.state === 'down') {
    const time = new Date(at.since).toLocaleTimeString(w.code);
    void now.value;
    return <p class="notice bad" role="alert">{w.link.downSince(time, formatAge(Date.now() - at.since, w.age))}</p>;
  }
  if (reasons.value.length === 0) return null;
  return (
    <div class="notice warn" role="status">
      {w.notReady}
      <ul>{reasons.value.map((reason) => <li key={reason}>{reason}</li>)}</ul>
    </div>
  );
}
