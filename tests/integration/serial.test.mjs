// Readings over serial lines: the wire protocol and text lines, through ports that come and go.
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { Child, Sse, numberedReplay, page, replayBegins, serialToml, startGateway, startNode, temporaryFolder, waitFor } from './harness.mjs';

const link = (path) => (target) => {
  rmSync(path, { force: true });
  symlinkSync(target, path);
};

test('a node of the wire protocol: online, readings, its declared commands', async () => {
  const node = await startNode({ serial: 'pty', id: 'bench-1', rate: 20, channels: 3 });
  const gateway = await startGateway({ toml: serialToml(await node.path()) });
  const sse = await Sse.open(gateway, 'kinds=reading,device&after=earliest');
  const records = await sse.until((all) => all.filter(({ kind }) => kind === 'reading').length >= 30);
  const readings = records.filter(({ kind }) => kind === 'reading');
  assert.ok(readings.every(({ device }) => device === 'bench-1'));
  assert.equal(new Set(readings.map(({ metric }) => metric)).size, 3);
  assert.ok(records.some(({ kind, device, state }) => kind === 'device' && device === 'bench-1' && state === 'online'));
  const { devices } = await gateway.get('/v1/devices');
  assert.deepEqual(devices.map(({ device }) => device), ['bench-1']);
});

test('unplugged, replugged and renumbered: reading resumes by itself and the gap is a device record', async () => {
  const port = join(temporaryFolder(), 'ttyBENCH');
  const plug = link(port);
  let node = await startNode({ serial: 'pty', id: 'bench-1', rate: 20, channels: 1 });
  plug(await node.path());
  const gateway = await startGateway({ toml: serialToml(port) });
  const sse = await Sse.open(gateway, 'kinds=reading,device&after=earliest');
  await sse.until((all) => all.filter(({ kind }) => kind === 'reading').length >= 5);
  const state = (wanted, from) => (all) => all.slice(from).some((record) => record.kind === 'device' && record.state === wanted);

  for (let round = 0; round < 3; round += 1) {
    const before = sse.records.length;
    await node.end('SIGKILL');
    rmSync(port);
    await sse.until(state('offline', before), 20_000);
    const away = sse.records.length;
    // Somebody else takes the old number, so that the node comes back under another one.
    const squatter = await startNode({ serial: 'pty', id: 'other', rate: 1, channels: 1 });
    node = await startNode({ serial: 'pty', id: 'bench-1', rate: 20, channels: 1 });
    plug(await node.path());
    await sse.until((all) => all.slice(away).filter(({ kind }) => kind === 'reading').length >= 5, 20_000);
    await sse.until(state('online', away));
    await squatter.end();
  }
  assert.ok(gateway.child.running);
});

test('a port that is not there at the start is opened when it comes', async () => {
  const port = join(temporaryFolder(), 'ttyLATE');
  const gateway = await startGateway({ toml: serialToml(port), until: '/healthz' });
  const node = await startNode({ serial: 'pty', id: 'late', rate: 20, channels: 1 });
  link(port)(await node.path());
  await waitFor(async () => (await page(gateway, 'devices=late')).records.length > 3, 'readings', 20_000);
});

/** A line with two ends: `path` for the gateway, `say()` writes at the other. */
async function startLine() {
  const folder = temporaryFolder();
  const [path, far] = [join(folder, 'near'), join(folder, 'far')];
  const socat = new Child('socat', [`PTY,link=${path},raw,echo=0`, `PTY,link=${far},raw,echo=0`], { title: 'socat' });
  await waitFor(() => (socat.assertRunning(), existsSync(path) && existsSync(far)), 'the line');
  return { path, socat, say: (bytes) => appendFileSync(far, bytes) };
}

const formats = {
  json: { lines: ['{"temperature":21.5,"on":true}'], more: '' },
  'key-value': { lines: ['temperature=21.5 on=true'], more: '' },
  csv: { lines: ['21.5,true'], more: 'columns = ["temperature", "on"]' },
};

for (const [decode, { lines, more }] of Object.entries(formats)) {
  test(`lines of ${decode}: good ones are kept beside noise, cut ones and one that never ends`, async () => {
    const line = await startLine();
    const gateway = await startGateway({ toml: serialToml(line.path, { framing: 'lines', decode, device: 'meter', more }) });
    const good = `${lines[0]}\n`;
    // The reader may open the port a moment after /readyz: say it until it is heard.
    await waitFor(async () => (line.say(good), (await page(gateway, 'metrics=temperature')).records.length > 0), 'a first reading', 20_000);
    const { cursor } = await page(gateway);
    line.say(Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0a]));
    line.say(`${good.slice(0, 9)}\n`);
    line.say(`${'x'.repeat(10_000)}\n`);
    line.say(good);
    const { records } = await waitFor(async () => {
      const answer = await page(gateway, `after=${cursor}&kinds=reading,loss`);
      return answer.records.filter(({ metric }) => metric === 'on').length && answer.records.some(({ kind }) => kind === 'loss') && answer;
    }, 'the good line and the losses');
    for (const { kind, device, metric, value } of records) {
      if (kind !== 'reading') continue;
      assert.equal(device, 'meter');
      if (metric === 'on') assert.equal(value, true);
    }
  });
}

test('a node with faults on its line: resynchronised, no wrong value, nothing doubled, losses told', async () => {
  const node = await startNode({ serial: 'pty', id: 'noisy', rate: 200, replay: numberedReplay(600), faults: 7 });
  const gateway = await startGateway({ toml: serialToml(await node.path()) });
  await node.exited;
  const { records } = await page(gateway, 'kinds=reading,loss&limit=10000');
  const readings = records.filter(({ kind }) => kind === 'reading');
  assert.ok(readings.length >= 300, `${readings.length} of 600 readings`);
  for (const { device, time, value } of readings) {
    assert.equal(device, 'noisy');
    assert.equal(Date.parse(time), replayBegins + value * 1000, `value ${value} stands at its own time`);
  }
  const values = readings.map(({ value }) => value);
  assert.equal(new Set(values).size, values.length, 'each reading once');
  assert.ok(records.some(({ kind, where }) => kind === 'loss' && where.startsWith('serial bench')));
});
