import {useEffect, useState} from 'preact/hooks';

import {listCommands} from '../api/commands';
import {describeDevice} from '../api/devices';
import {words} from '../i18n/language';
import {link, model, session} from '../state/app';
import type {DeviceModel} from '../state/model';
import {CommandForm} from './command_form';
import {CommandHistory} from './command_history';
import {Sheet} from './sheet';

export function CommandSheet({device}: {device: DeviceModel}) {
  const w = words.value.commands;
  const [problem, setProblem] = useState('');
  const declared = device.commands.value;
  const up = link.value.state === 'up';

  useEffect(() => {
    if (!up) return;
    describeDevice(device.name).then((told) => model.setDevice(told), (error: Error) => setProblem(error.message));
    listCommands(device.name).then((commands) => model.setCommands(commands), () => {});
  }, [device, up]);

  const hindrance = session.value?.role === 'viewer' ? w.viewer : up ? '' : w.linkDown;
  return (
    <Sheet title={w.open} subtitle={device.name}>
      {hindrance && <p class="notice warn" role="status">{hindrance}</p>}
      {problem && <p class="problem" role="alert">{problem}</p>}
      {declared.length === 0 && <p class="quiet">{w.none}</p>}
      {declared.map((command) => <CommandForm key={command.name} device={device} declared={command} disabled={hindrance !== ''} />)}
      <CommandHistory device={device.name} />
    </Sheet>
  );
}
