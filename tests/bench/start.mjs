// From exec to the first 200 of /readyz with an empty log: the median of five.
import { get } from 'node:http';
import { mqttToml, serialToml } from '../integration/harness/configuration.mjs';
import { startGateway } from '../integration/harness/gateway.mjs';
import { startMosquitto } from '../integration/harness/mosquitto.mjs';
import { startNode } from '../integration/harness/node.mjs';

const ask = (url) =>
  new Promise((done) => {
    get(url, { agent: false }, (response) => (response.resume(), done(response.statusCode === 200))).on('error', () => done(false));
  });

async function once(toml) {
  const gateway = await startGateway({ toml, start: false });
  const begun = performance.now();
  await gateway.start({ until: null });
  while (!(await ask(`${gateway.url}/readyz`))) gateway.child.assertRunning();
  const took = performance.now() - begun;
  await gateway.stop();
  return took;
}

export async function measure() {
  const broker = await startMosquitto();
  const node = await startNode({ serial: 'pty', id: 'idle', rate: 1, channels: 1 });
  const toml = mqttToml(broker) + serialToml(await node.path());
  const times = [];
  for (let i = 0; i < 5; i += 1) times.push(await once(toml));
  return [{ name: 'start to /readyz, median of 5', value: times.sort((a, b) => a - b)[2], unit: 'ms', goal: '≤ 150' }];
}
