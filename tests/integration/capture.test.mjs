// A real machine's temperatures, replayed through MQTT, arrive complete and in order at a client that is cut 20 times.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { Sse, mqttToml, root, startGateway, startMosquitto } from './harness.mjs';

const folder = process.env.WEIR_DATA ?? join(root, '../shared/data');
const file = join(folder, 'nab/machine_temperature_system_failure.csv');
const cuts = 20;

/** [{time, value}]: the capture, or a series like it where the capture is not there. */
function capture() {
  if (!existsSync(file)) return generated(22_695);
  const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => line.split(',')).map(([time, value]) => ({ time: `${time.replace(' ', 'T')}Z`, value: Number(value) }));
}

function generated(count) {
  const start = Date.parse('2013-12-02T21:15:00Z');
  return Array.from({ length: count }, (_, i) => ({
    time: new Date(start + i * 300_000).toISOString().replace('.000Z', 'Z'),
    value: 80 + 20 * Math.sin(i / 288) + ((i * 2_654_435_761) % 1000) / 997,
  }));
}

test(`${existsSync(file) ? 'the capture' : 'a generated series (no capture here)'} arrives complete and in order through ${cuts} cuts`, async () => {
  const samples = capture();
  const broker = await startMosquitto();
  const gateway = await startGateway({ toml: mqttToml(broker) });
  const publisher = await broker.client();
  const published = (async () => {
    for (let i = 0; i < samples.length; i += 200) {
      const batch = samples.slice(i, i + 200).map(({ time, value }) => JSON.stringify({ temperature: value, time }));
      await Promise.all(batch.map((text) => publisher.publishAsync('json/machine', text, { qos: 1 })));
    }
  })();

  const got = [];
  for (let after, i = 1; i <= cuts + 1; i += 1) {
    const sse = await Sse.open(gateway, 'devices=machine&metrics=temperature&after=earliest', { after });
    const share = i > cuts ? samples.length : Math.floor((samples.length * i) / (cuts + 1));
    await sse.until(() => got.length + sse.records.length >= share, 60_000);
    sse.close();
    got.push(...sse.records);
    after = sse.cursor ?? after; // a share may have come whole with the one before
  }
  await published;

  assert.equal(got.length, samples.length);
  const different = samples.findIndex(({ time, value }, i) => got[i].value !== value || Date.parse(got[i].time) !== Date.parse(time));
  assert.equal(different, -1, `sample ${different}: ${JSON.stringify(samples[different])} came as ${JSON.stringify(got[different])}`);
  assert.ok(got.every(({ seq }, i) => i === 0 || seq > got[i - 1].seq));
});
