// GET /v1/stream: every parameter, on each delivery where it means something.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { Ndjson, Sse, Ws, page, startGateway, waitFor } from './harness.mjs';

let gateway;

before(async () => {
  gateway = await startGateway();
});

async function push(...readings) {
  const response = await gateway.fetch('/v1/readings', { role: 'ingest', json: readings });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

const series = (device, metric, from, count) => Array.from({ length: count }, (_, i) => ({ device, metric, value: from + i }));
const values = (records) => records.map(({ value }) => value);
const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

test('a push answers with the number accepted and a cursor that resumes after it', async () => {
  const { accepted, cursor } = await push(...series('push', 'n', 0, 3));
  assert.equal(accepted, 3);
  await push({ device: 'push', metric: 'n', value: 3, unit: 'Cel', quality: 'uncertain', time: '2026-01-02T03:04:05.678Z' });
  const { records } = await page(gateway, `after=${cursor}&devices=push`);
  assert.deepEqual(values(records), [3]);
  const { unit, quality, time, device, metric } = records[0];
  assert.deepEqual({ unit, quality, time, device, metric }, { unit: 'Cel', quality: 'uncertain', time: '2026-01-02T03:04:05.678Z', device: 'push', metric: 'n' });
});

test('NDJSON is taken whole, and an idempotency key once', async () => {
  const options = {
    role: 'ingest',
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': 'batch-1' },
    body: '{"device":"nd","metric":"a","value":1}\n{"device":"nd","metric":"a","value":2}\n',
  };
  const first = await (await gateway.fetch('/v1/readings', options)).json();
  const again = await (await gateway.fetch('/v1/readings', options)).json();
  assert.equal(first.accepted, 2);
  assert.equal(again.cursor, first.cursor);
  assert.deepEqual(values((await page(gateway, 'devices=nd')).records), [1, 2]);
});

test('kinds, devices and metrics take globs and lists', async () => {
  await push({ device: 'glob-1', metric: 'temperature', value: 1 }, { device: 'glob-2', metric: 'tension', value: 2 }, { device: 'glob-33', metric: 'humidity', value: 3 });
  const wanted = async (query) => values((await page(gateway, query)).records);
  assert.deepEqual(await wanted('devices=glob-?'), [1, 2]);
  assert.deepEqual(await wanted('devices=glob-*&metrics=t*'), [1, 2]);
  assert.deepEqual(await wanted('devices=glob-1,glob-33'), [1, 3]);
  assert.deepEqual(await wanted('devices=glob-*&kinds=loss'), []);
  const all = (await page(gateway, 'kinds=*')).records;
  assert.ok(all.some(({ kind, event }) => kind === 'system' && event === 'started'));
});

test('limit cuts pages, `more` says so, and the pages join without loss or doubles', async () => {
  await push(...series('pages', 'n', 0, 25));
  const got = [];
  let query = 'devices=pages&limit=10';
  for (;;) {
    const { records, cursor, more } = await page(gateway, query);
    got.push(...values(records));
    if (!more) break;
    assert.equal(records.length, 10);
    query = `devices=pages&limit=10&after=${cursor}`;
  }
  assert.deepEqual(got, range(0, 25));
});

test('since begins with the first record received at or after a time', async () => {
  await push({ device: 'since', metric: 'n', value: 1 });
  const { records } = await page(gateway, 'devices=since');
  const between = await waitFor(() => Date.now() > Date.parse(records[0].time) + 1 && new Date().toISOString(), 'the next millisecond');
  await push({ device: 'since', metric: 'n', value: 2, time: '2020-01-01T00:00:00Z' });
  assert.deepEqual(values((await page(gateway, `devices=since&since=${between}`)).records), [2]);
  assert.deepEqual(values((await page(gateway, 'devices=since&since=2020-01-01T00:00:00Z')).records), [1, 2]);
});

test('long polling answers with the first record, or empty at the end of the time', async () => {
  const { cursor } = await page(gateway, 'devices=poll');
  const begun = Date.now();
  const empty = await page(gateway, `devices=poll&after=${cursor}&wait=1`);
  assert.deepEqual(empty.records, []);
  assert.ok(Date.now() - begun >= 900);
  const waiting = page(gateway, `devices=poll&after=${empty.cursor}&wait=30`);
  await push({ device: 'noise', metric: 'n', value: 0 }, { device: 'poll', metric: 'n', value: 7 });
  assert.deepEqual(values((await waiting).records), [7]);
});

test('until ends a page, a chunked stream, an event source and a subscription', async () => {
  const first = await push(...series('until', 'n', 0, 5));
  await push(...series('until', 'n', 5, 5));
  const query = `devices=until&after=earliest&until=${first.cursor}`;

  const answer = await page(gateway, `devices=until&until=${first.cursor}`);
  assert.deepEqual([values(answer.records), answer.more], [range(0, 5), false]);

  const ndjson = await Ndjson.open(gateway, query);
  await ndjson.done;
  assert.deepEqual(values(ndjson.records), range(0, 5));

  const sse = await Sse.open(gateway, query);
  await waitFor(() => sse.ended && sse.statuses.includes(204), 'event: end, and 204 at the reconnect', 20_000);
  assert.deepEqual(values(sse.records), range(0, 5));

  const ws = await Ws.open(gateway);
  ws.send({ op: 'subscribe', id: 'u', devices: 'until', after: 'earliest', until: first.cursor });
  await ws.message(({ op, id }) => op === 'end' && id === 'u');
  assert.deepEqual(values(ws.records), range(0, 5));
});

test('rate holds a backlog back', async () => {
  await push(...series('rate', 'n', 0, 30));
  const begun = Date.now();
  const sse = await Sse.open(gateway, 'devices=rate&after=earliest&rate=20');
  assert.deepEqual(values(await sse.until(30)), range(0, 30));
  assert.ok(Date.now() - begun >= 400, '30 records at 20 a second take at least 0.4 s, even after a first burst');
});

test('every keeps the newest reading of each series in its time', async () => {
  const sse = await Sse.open(gateway, 'devices=every&every=300ms');
  await sse.opened();
  for (let value = 0; value < 60; value += 1) await push({ device: 'every', metric: 'n', value });
  const records = await sse.until((all) => all.at(-1)?.value === 59);
  assert.ok(records.length < 30, `${records.length} of 60`);
  assert.deepEqual(values(records), [...values(records)].sort((a, b) => a - b));
});

test('flush gathers records before a write', async () => {
  const ws = await Ws.open(gateway, 'devices=flush&flush=400ms');
  for (let value = 0; value < 10; value += 1) await push({ device: 'flush', metric: 'n', value });
  await ws.until(10);
  assert.ok(ws.messages.filter(({ op }) => op === 'records').length <= 4);
});

test('snapshot gives the newest of each series first, then the stream goes on', async () => {
  await push(...series('snap', 'a', 0, 5), ...series('snap', 'b', 10, 5));
  const sse = await Sse.open(gateway, 'devices=snap&snapshot=1');
  const first = await sse.until(2);
  assert.deepEqual(first.slice(0, 2).map(({ metric, value }) => [metric, value]), [['a', 4], ['b', 14]]);
  await push({ device: 'snap', metric: 'a', value: 5 });
  assert.deepEqual(values((await sse.until(3)).slice(2)), [5]);
});

test('lag=latest and lag=resume are taken, anything else is refused', async () => {
  await push(...series('lag', 'n', 0, 3));
  for (const lag of ['latest', 'resume']) {
    const sse = await Sse.open(gateway, `devices=lag&after=earliest&lag=${lag}`);
    await sse.until((records) => records.at(-1)?.value === 2);
  }
  assert.equal((await gateway.fetch('/v1/stream?lag=never')).status, 400);
});

test('a durable consumer goes on where it acknowledged', async () => {
  const first = await push(...series('durable', 'n', 0, 3));
  await push(...series('durable', 'n', 3, 3));
  const put = await gateway.fetch('/v1/consumers/cloud', { role: 'admin', method: 'PUT', json: { cursor: first.cursor } });
  assert.ok(put.ok, `${put.status} ${await put.text()}`);
  const sse = await Sse.open(gateway, 'consumer=cloud&devices=durable');
  assert.deepEqual(values(await sse.until(3)), [3, 4, 5]);
  sse.close();
  // Coming back with a cursor acknowledges it.
  const back = await Sse.open(gateway, 'consumer=cloud&devices=durable', { after: sse.cursor });
  await back.opened();
  back.close();
  await push({ device: 'durable', metric: 'n', value: 6 });
  const third = await Sse.open(gateway, 'consumer=cloud&devices=durable');
  assert.deepEqual(values(await third.until(1)), [6]);
  const { consumers } = await gateway.get('/v1/consumers');
  assert.ok(consumers.some(({ name }) => name === 'cloud'));
});

test('Last-Event-ID wins over after; the answer carries Weir-Cursor', async () => {
  const { cursor } = await push(...series('wins', 'n', 0, 2));
  await push({ device: 'wins', metric: 'n', value: 2 });
  const sse = await Sse.open(gateway, 'devices=wins&after=earliest', { after: cursor });
  assert.deepEqual(values(await sse.until(1)), [2]);
  const response = await gateway.fetch('/v1/stream?devices=wins', { headers: { accept: 'application/json' } });
  assert.equal(response.headers.get('weir-cursor'), (await response.json()).cursor);
});

test('a cursor of another log gets a gap first, then the oldest there is', async () => {
  await push({ device: 'gap', metric: 'n', value: 1 });
  const { cursor } = await page(gateway);
  const foreign = `${cursor[0] === '0' ? '1' : '0'}${cursor.slice(1).split('-')[0]}-5`;
  const { records } = await page(gateway, `devices=gap&after=${foreign}`);
  assert.equal(records[0].kind, 'gap');
  assert.equal(records[0].reason, 'epoch');
  assert.equal(records[0].from, foreign);
  assert.equal(records[1].value, 1);
  const sse = await Sse.open(gateway, `devices=gap&after=${foreign}`);
  assert.equal((await sse.until(2))[0].kind, 'gap');
});

test('a durable consumer that already has newer readings of a series is told of backlog', async () => {
  const sse = await Sse.open(gateway, 'devices=backlog&consumer=late');
  await sse.opened();
  await push({ device: 'backlog', metric: 'n', value: 1, time: '2026-05-01T00:00:10Z' });
  await push({ device: 'backlog', metric: 'n', value: 0, time: '2026-05-01T00:00:00Z' });
  const records = await sse.until(2);
  assert.deepEqual(records.map(({ backlog }) => backlog), [undefined, true]);
});
