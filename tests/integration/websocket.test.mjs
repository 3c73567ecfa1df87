// WebSocket on /v1/stream: subscriptions, formats, and how it ends.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { Ws, page, startGateway } from './harness.mjs';

let gateway;

before(async () => {
  gateway = await startGateway({ server: 'origins = ["https://panel.example"]' });
});

const push = (device, ...values) =>
  gateway.fetch('/v1/readings', { role: 'ingest', json: values.map((value) => ({ device, metric: 'n', value })) });

test('subscriptions share a connection, each with its own id, filter and cursor', async () => {
  await push('one', 1);
  const ws = await Ws.open(gateway);
  ws.send({ op: 'subscribe', id: 'a', devices: 'one', after: 'earliest' });
  ws.send({ op: 'subscribe', id: 'b', devices: 'two' });
  await ws.message(({ op, id }) => op === 'records' && id === 'a');
  ws.send({ op: 'ping', id: 'p' });
  await ws.message(({ op, id }) => op === 'pong' && id === 'p');
  await push('two', 2);
  const { records, cursor } = await ws.message(({ op, id }) => op === 'records' && id === 'b');
  assert.deepEqual(records.map(({ value }) => value), [2]);
  assert.match(cursor, /^[0-9a-f]{8}-\d+$/);
  ws.send({ op: 'unsubscribe', id: 'b' });
  ws.send({ op: 'ping', id: 'q' });
  await ws.message(({ op, id }) => op === 'pong' && id === 'q');
  await push('two', 3);
  await push('one', 4);
  await ws.until((all) => all.some(({ value }) => value === 4));
  assert.ok(!ws.records.some(({ value }) => value === 3));
});

test('parameters in the URL subscribe at once with the empty id', async () => {
  await push('url', 1, 2);
  const ws = await Ws.open(gateway, 'devices=url&after=earliest');
  await ws.until(2);
  assert.ok(ws.messages.every(({ op, id }) => op !== 'records' || id === ''));
});

test('weir.v1.cbor carries the same members in binary', async () => {
  await push('binary', 1.5);
  const ws = await Ws.open(gateway, 'devices=binary&after=earliest', { protocol: 'weir.v1.cbor' });
  assert.equal(ws.socket.protocol, 'weir.v1.cbor');
  const bytes = await ws.message((message) => Buffer.isBuffer(message));
  for (const text of ['records', 'cursor', 'device', 'binary', 'metric', 'value']) assert.ok(bytes.includes(text), text);
});

test('a faulty message is answered by an error with its id and breaks nothing else', async () => {
  const ws = await Ws.open(gateway);
  const faulty = [
    { op: 'subscribe', id: 'x', after: 'gibberish' },
    { op: 'subscribe', id: 'x', colour: 'blue' },
    { op: 'subscribe', id: 'x', limit: -1 },
    { op: 'dance', id: 'x' },
    { op: 'unsubscribe', id: 'nobody' },
  ];
  for (const message of faulty) {
    ws.messages.length = 0;
    ws.send(message);
    const { problem } = await ws.message(({ op }) => op === 'error');
    assert.ok(problem.title && problem.status >= 400, JSON.stringify(problem));
  }
  ws.send({ op: 'ping', id: 1 });
  await ws.message(({ op }) => op === 'pong');
});

test('too long a message closes with 1009, bad JSON with 1007', async () => {
  const long = await Ws.open(gateway);
  long.send({ op: 'ping', id: 'x'.repeat(70_000) });
  assert.equal((await long.closed).code, 1009);
  for (const text of ['{"op":', 'ping', '[1]x']) {
    const bad = await Ws.open(gateway);
    bad.send(text);
    assert.equal((await bad.closed).code, 1007, text);
  }
});

test('a foreign Origin is refused before the upgrade; a configured one is not', async () => {
  const refused = (headers) => assert.rejects(Ws.open(gateway, '', { headers }), { status: 403 });
  await refused({ origin: 'https://evil.example' });
  await refused({ origin: 'null' });
  const ws = await Ws.open(gateway, '', { headers: { origin: 'https://panel.example' } });
  await ws.close();
});

test('without a credential, or with a wrong one, there is no upgrade', async () => {
  await assert.rejects(Ws.open(gateway, '', { role: null }), { status: 401 });
  await assert.rejects(Ws.open(gateway, '', { role: null, headers: { authorization: 'Bearer wrong' } }), { status: 401 });
  await assert.rejects(Ws.open(gateway, '', { role: 'ingest' }), { status: 403 });
});

test('the end of the gateway closes with 1001 and exits 0 within 5 s', async () => {
  const other = await startGateway();
  const ws = await Ws.open(other);
  const begun = Date.now();
  const [{ code }, closed] = await Promise.all([other.stop(), ws.closed]);
  assert.equal(closed.code, 1001);
  assert.equal(code, 0);
  assert.ok(Date.now() - begun < 5000);
});

test('a page still answers while WebSockets come and go', async () => {
  const all = await Promise.all(Array.from({ length: 50 }, () => Ws.open(gateway)));
  await Promise.all(all.map((ws) => ws.close()));
  assert.ok((await page(gateway)).cursor);
});
