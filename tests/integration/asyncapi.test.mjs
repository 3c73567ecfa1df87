// GET /asyncapi.json holds: the messages of real sessions are judged by it, and each message and close code that it describes comes.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { Ndjson, Ws, startGateway, waitFor } from './harness.mjs';
import { Schemas, eventsOf, faultsOfAsyncApi } from './harness/descriptions.mjs';
import { startDescribedGateway } from './harness/described.mjs';

const otherCursor = '00000001-1';
let gateway, api, cursor;

before(async () => {
  ({ gateway, cursor } = await startDescribedGateway());
  api = new Schemas(await (await fetch(`${gateway.url}/asyncapi.json`)).json(), { draft7: true });
});

const names = (references) => references.map(({ $ref }) => $ref.split('/').at(-1));
const opOf = (message) => api.at('components', 'messages', message, 'payload').properties.op?.const;
const push = (value) => gateway.fetch('/v1/readings', { role: 'ingest', json: { device: 'boiler-1', metric: 'temperature', value } });

/** The messages that the gateway sends in answer to an operation. */
const replies = (operation) => names(api.at('operations', operation).reply.messages);
const allReplies = () => [...new Set(['subscribe', 'unsubscribe', 'sendCommand', 'ping'].flatMap(replies))];

/** What a WebSocket brought: every message is one of those described, and fits. Answers their names. */
function judge(messages) {
  return messages.map((message) => {
    const name = allReplies().find((each) => opOf(each) === message.op);
    assert.ok(name, `${JSON.stringify(message)} is not described`);
    api.check(['components', 'messages', name, 'payload'], message, name);
    return name;
  });
}

test('the description is valid AsyncAPI 3.0, needs no other file, and every schema compiles', () => {
  assert.deepEqual(faultsOfAsyncApi(api.document), []);
  assert.ok(api.compileAll().length > 20);
  assert.ok(!JSON.stringify(api.document).includes('openapi.json#'));
  const broken = structuredClone(api.document);
  broken.operations.ping.action = 'return';
  assert.notDeepEqual(faultsOfAsyncApi(broken), []);
});

for (const cbor of [false, true]) {
  const form = cbor ? 'CBOR' : 'JSON';
  test(`${form}: its examples fit, are taken, and bring the answers that are described`, () => examples(cbor));
  test(`${form}: a session with all that a session has`, () => everything(cbor));
}

async function examples(cbor) {
  const seen = new Set();
  for (const operation of ['subscribe', 'unsubscribe', 'sendCommand', 'ping']) {
    for (const { payload } of api.at('components', 'messages', names(api.at('operations', operation).messages)[0]).examples) {
      api.check(['components', 'messages', operation, 'payload'], payload, operation);
      const ws = await Ws.open(gateway, '', { role: 'operator', cbor });
      ws.send(payload);
      const answered = ({ op, id, command }) => id === payload.id && replies(operation).some((name) => opOf(name) === op) && (!command || command.state === 'succeeded');
      const { op } = await ws.message(answered);
      assert.equal(op === 'error', operation === 'unsubscribe', JSON.stringify(ws.messages));
      for (const name of judge(ws.messages)) {
        assert.ok(replies(operation).includes(name), `${name} answers ${operation}`);
        seen.add(name);
      }
      await ws.close();
    }
  }
  assert.deepEqual([...seen].sort(), ['command', 'error', 'pong', 'records']);
}

async function everything(cbor) {
  const ws = await Ws.open(gateway, `kinds=*&after=${otherCursor}`, { role: 'operator', cbor });
  const kinds = () => new Set(ws.records.map(({ kind }) => kind));
  ws.send({ op: 'command', id: 'c', device: 'boiler-1', name: 'set', args: { target: 1 } });
  ws.send({ op: 'subscribe', id: 'until', after: 'earliest', until: cursor, limit: 10, wait: 0, rate: 1000000, lag: 'latest', flush: '1ms', consumer: 'cloud' });
  ws.send({ op: 'subscribe', id: 'until' });
  ws.send({ op: 'unsubscribe', id: 'nobody' });
  ws.send({ op: 'command', id: 'c', device: 'nobody', name: 'set' });
  ws.send({ op: 'dance' });
  ws.send({ op: 'ping' });
  await ws.message(({ op }) => op === 'end');
  await ws.message(({ op }) => op === 'pong');
  await ws.message(({ op, command }) => op === 'command' && command.state === 'succeeded');
  await waitFor(() => kinds().size === api.at('components', 'schemas', 'Record').anyOf.length, 'a record of each kind that is described');
  assert.deepEqual([...new Set(judge(ws.messages))].sort(), allReplies().sort(), 'each message that is described came');
  await ws.close();
}

test('subscribe takes each parameter that is described, and no other', async () => {
  const ws = await Ws.open(gateway);
  const { properties } = api.at('components', 'schemas', 'Subscribe');
  assert.deepEqual(Object.keys(properties).filter((name) => !['op', 'id'].includes(name)).sort(), Object.keys(api.at('components', 'schemas', 'StreamParameters').properties).sort());
  const values = { after: ['earliest', 'now', cursor], since: ['2026-01-01T00:00:00Z'], until: [cursor], kinds: ['*'], devices: ['a,b'], metrics: ['t*'], limit: [1, 10000], wait: [0, 60],
    rate: [1, 1000000], consumer: ['c'], every: ['0', '10s'], flush: ['1ms'], lag: ['resume', 'latest'], snapshot: [true, false, 0, 1] };
  const refused = { after: ['later'], since: ['noon'], until: ['now'], kinds: [''], devices: [''], metrics: [''], limit: [0, 10001], wait: [61], rate: [0, 1000001], consumer: ['a b'],
    every: ['10'], flush: [-1], lag: ['none'], snapshot: [2], colour: ['blue'] };
  const asked = async (message) => {
    ws.messages.length = 0;
    for (const each of [message, { op: 'unsubscribe', id: message.id }, { op: 'ping', id: 'done' }]) ws.send(each);
    await ws.message(({ op }) => op === 'pong');
    judge(ws.messages);
    return ws.messages.filter(({ op, problem }) => op === 'error' && problem.status === 400).length === 0;
  };
  for (const [taken, all] of [[true, values], [false, refused]]) {
    for (const [name, each] of Object.entries(all)) {
      for (const value of each) {
        const message = { op: 'subscribe', id: 'x', [name]: value };
        assert.equal(api.against(['components', 'schemas', 'Subscribe'], message).length === 0, taken, JSON.stringify(message));
        assert.equal(await asked(message), taken, JSON.stringify([message, ws.messages]));
      }
    }
  }
  assert.deepEqual(Object.keys(properties).filter((name) => !values[name]), ['id', 'op']);
  await ws.close();
});

test('each subprotocol and each close code that is described comes', async () => {
  const { 'x-weir-close-codes': codes, 'x-weir-subprotocols': subprotocols } = api.at('channels', 'websocket');
  for (const protocol of Object.keys(subprotocols)) {
    const ws = await Ws.open(gateway, '', { protocol });
    assert.equal(ws.socket.protocol, protocol);
    await ws.close();
  }
  const other = await startGateway();
  const token = await other.addToken('leaver', 'viewer');
  const leaver = { role: null, headers: { authorization: `Bearer ${token}` } };
  const longest = api.at('channels', 'websocket')['x-weir-limits'].message_bytes;
  const endings = [
    [1003, (ws) => ws.socket.send(Buffer.from([0xa0]))],
    [1007, (ws) => ws.send('{')],
    [1009, (ws) => ws.send({ op: 'ping', id: 'x'.repeat(longest) })],
    [1008, () => other.weir('token', 'revoke', '--name', 'leaver'), leaver],
    [1001, () => other.stop()],
  ];
  for (const [code, end, options] of endings) {
    const ws = await Ws.open(other, '', options);
    await end(ws);
    assert.equal((await ws.closed).code, code);
  }
  assert.deepEqual(endings.map(([code]) => String(code)).sort(), Object.keys(codes).sort());
});

test('server-sent events are as described, from the first to the end', async () => {
  const response = await gateway.fetch(`/v1/stream?kinds=*&after=${otherCursor}&until=${cursor}`, { headers: { accept: 'text/event-stream' } });
  const text = await response.text();
  assert.match(text, /^retry: [123]\d{3}\n\n/);
  const events = eventsOf(text);
  assert.equal(events.at(-1).event, 'end');
  for (const { data, ...fields } of events) {
    const name = fields.event === 'end' ? 'eventEnd' : 'event';
    api.check(['components', 'messages', name, 'headers'], fields, name);
    api.check(['components', 'messages', name, 'payload'], JSON.parse(data), name);
    assert.ok(name === 'eventEnd' || JSON.parse(data).kind === fields.event);
  }
  assert.ok(new Set(events.map(({ event }) => event)).size >= 5);
});

test('lines are as described', async () => {
  const stream = await Ndjson.open(gateway, 'kinds=*&after=earliest');
  await push(61);
  await stream.until((records) => records.some(({ value }) => value === 61));
  for (const record of stream.records) api.check(['components', 'messages', 'line', 'payload'], record, 'line');
  await stream.close();
});
