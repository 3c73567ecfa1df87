// Resident memory of an idle gateway with MQTT and serial configured, 5 s after it was ready.
import { readFileSync } from 'node:fs';
import { mqttToml, serialToml } from '../integration/harness/configuration.mjs';
import { startGateway } from '../integration/harness/gateway.mjs';
import { startMosquitto } from '../integration/harness/mosquitto.mjs';
import { startNode } from '../integration/harness/node.mjs';

export async function measure() {
  const broker = await startMosquitto();
  const node = await startNode({ serial: 'pty', id: 'idle', rate: 1, channels: 1 });
  const gateway = await startGateway({ toml: mqttToml(broker) + serialToml(await node.path()) });
  await new Promise((done) => setTimeout(done, 5000));
  const status = readFileSync(`/proc/${gateway.pid}/status`, 'utf8');
  const megabytes = (name) => Number(status.match(new RegExp(`${name}:\\s+(\\d+)`))[1]) / 1024;
  return [
    { name: 'resident, idle', value: megabytes('VmRSS'), unit: 'MiB', goal: '≤ 16' },
    { name: 'of it anonymous', value: megabytes('RssAnon'), unit: 'MiB' },
  ];
}
