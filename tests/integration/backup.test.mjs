// Backup, restore, verify and migration, with the programs as they are shipped.
import assert from 'node:assert/strict';
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { root, startGateway, temporaryFolder } from './harness.mjs';

const reading = (value) => ({ device: 'boiler', metric: 'count', value });
const push = async (gateway, values) => {
  const response = await gateway.fetch('/v1/readings', { role: 'ingest', json: values.map(reading) });
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()).cursor;
};

/** Every value of the series, oldest first. */
async function values(gateway) {
  const response = await gateway.fetch('/v1/history?device=boiler&metric=count&from=-1d&format=ndjson&points=0');
  assert.equal(response.status, 200, await response.clone().text());
  const lines = (await response.text()).trim().split('\n').map((line) => JSON.parse(line));
  return lines.filter(({ kind }) => kind === 'reading').map(({ value }) => value);
}

const counted = (to) => Array.from({ length: to }, (_, i) => i + 1);

async function weir(gateway, expected, ...args) {
  const { code, stdout, stderr } = await gateway.weir(...args);
  assert.equal(code, expected, `weir ${args.join(' ')}: ${stdout}${stderr}`);
  return { stdout, stderr };
}

function flipBit(file, offset) {
  const fd = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, offset);
  byte[0] ^= 4;
  writeSync(fd, byte, 0, 1, offset);
  closeSync(fd);
}

test('a backup under load has all that was acknowledged before, and restores', async () => {
  const gateway = await startGateway();
  let acknowledged = 0;
  let stop = false;
  const load = (async () => {
    for (let next = 1; !stop; next += 10) {
      await push(gateway, counted(10).map((i) => next + i - 1));
      acknowledged = next + 9;
    }
  })();
  const file = join(temporaryFolder(), 'backup.db');
  while (acknowledged < 500) await new Promise(setImmediate);
  const before = acknowledged;
  const { head } = JSON.parse((await weir(gateway, 0, 'backup', file, '--json')).stdout);
  stop = true;
  await load;
  const cursor = await push(gateway, [0]);
  assert.match((await weir(gateway, 1, 'backup', file)).stderr, /is there already/);
  assert.match((await weir(gateway, 1, 'restore', file)).stderr, /another weir has this log open/);
  await gateway.stop();

  const restored = JSON.parse((await weir(gateway, 0, 'restore', file, '--json')).stdout);
  assert.match(restored.aside, /weir\.db\.replaced-/);
  assert.ok(existsSync(restored.aside));
  assert.equal(restored.head.split('-')[1], head.split('-')[1]);
  await gateway.start();
  const found = await values(gateway);
  assert.ok(found.length >= before, `${found.length} of ${before}`);
  assert.deepEqual(found, counted(found.length));
  const { records } = await gateway.get(`/v1/stream?after=${cursor}`);
  assert.equal(records[0].kind, 'gap');
  assert.equal(records[0].reason, 'epoch');
});

test('verify reads a log that runs and one that is stopped, and finds a flipped bit', async () => {
  const gateway = await startGateway();
  await push(gateway, counted(100));
  const running = JSON.parse((await weir(gateway, 0, 'log', 'verify', '--json')).stdout);
  assert.equal(running.sound, true);
  assert.equal(running.records + running.journal_records, Number(running.head.split('-')[1]));
  assert.ok(running.records + running.journal_records > 100);
  await gateway.stop();
  assert.match((await weir(gateway, 0, 'log', 'verify')).stdout, /^sound$/m);
  const file = join(temporaryFolder(), 'backup.db');
  await weir(gateway, 0, 'backup', file);
  flipBit(file, statSync(file).size - 2000);
  const { stdout, stderr } = await weir(gateway, 1, 'log', 'verify', file);
  assert.match(stdout, /^damaged: /m);
  assert.match(stderr, /weir restore/);
  assert.match((await weir(gateway, 1, 'restore', file)).stderr, /is damaged and is not restored/);
  assert.match((await weir(gateway, 1, 'log', 'verify', join(gateway.folder, 'none.db'))).stderr, /there is no such file/);
});

test('a log of schema 1 is brought up to date by the first start', async () => {
  const gateway = await startGateway({ toml: '[log]\nage_max = "3650d"\n', start: false });
  const data = join(gateway.folder, 'data');
  mkdirSync(data);
  for (const name of ['weir.db', 'weir.db-wal']) copyFileSync(join(root, 'tests/cases/log/schema-1', name), join(data, name));
  await gateway.start();
  const { buckets } = await gateway.get('/v1/history?device=boiler&metric=pressure&from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&points=1');
  assert.deepEqual(buckets.map(({ count, min, max }) => [count, min, max]), [[36, 101300, 101335]]);
  await weir(gateway, 0, 'log', 'verify');
});
