// Commands back to an MQTT device and a serial node, over POST and WebSocket.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { Sse, Ws, mqttToml, serialToml, startGateway, startMosquitto, startNode, waitFor } from './harness.mjs';

const declared = `
  publish = "sensors/{device}/commands"
  replies = "sensors/+/replies"
    [[mqtt.commands.declare]]
    device = "boiler*"
    name = "set"
    args.target = { type = "number", min = 0, max = 90, unit = "Cel" }
    state_metric = "target"
`;
let broker, gateway, device, node;

before(async () => {
  broker = await startMosquitto();
  node = await startNode({ serial: 'pty', id: 'bench-1', rate: 5, channels: 1 });
  gateway = await startGateway({ toml: mqttToml(broker, { commands: declared }) + serialToml(await node.path()) });
  device = await startDevice('boiler-1');
});

/** An MQTT device: keeps what it was told, answers by `reply` (null: never). */
async function startDevice(name) {
  const client = await broker.client();
  const self = { told: [], reply: ({ id, args }) => ({ id, ok: true, result: { target: args.target } }) };
  client.on('message', (topic, payload) => {
    const command = JSON.parse(payload);
    self.told.push(command);
    const reply = self.reply(command);
    if (reply) client.publish(`sensors/${name}/replies`, JSON.stringify(reply), { qos: 1 });
  });
  await client.subscribeAsync(`sensors/${name}/commands`, { qos: 1 });
  await client.publishAsync(`sensors/${name}/temperature`, '60', { qos: 1 });
  await waitFor(async () => (await gateway.get('/v1/devices')).devices.some((each) => each.device === name), `${name} to be known`);
  return self;
}

const post = (name, json, { query = '', role = 'operator', headers } = {}) =>
  gateway.fetch(`/v1/devices/${name}/commands${query}`, { role, json, headers });

const states = (sse, id) => sse.records.filter((record) => record.id === id).map(({ state }) => state);

test('POST with wait: sent once, answered, each state a record, the result readable later', async () => {
  const sse = await Sse.open(gateway, 'kinds=command');
  await sse.opened();
  const response = await post('boiler-1', { name: 'set', args: { target: 65 } }, { query: '?wait=10' });
  const command = await response.json();
  assert.ok(response.ok, JSON.stringify(command));
  assert.equal(command.state, 'succeeded');
  assert.deepEqual(command.result, { target: 65 });
  assert.match(command.by, /operator/);
  assert.deepEqual(device.told.map(({ id, name, args }) => ({ id, name, args })), [{ id: command.id, name: 'set', args: { target: 65 } }]);
  assert.ok(Date.parse(device.told[0].deadline) > Date.now());
  await waitFor(() => states(sse, command.id).length === 3, 'three states');
  assert.deepEqual(states(sse, command.id), ['queued', 'sent', 'succeeded']);
  assert.equal((await gateway.get(`/v1/commands/${command.id}`)).state, 'succeeded');
});

test('POST without wait: 202 and a Location to follow', async () => {
  const response = await post('boiler-1', { name: 'set', args: { target: 20 } });
  assert.equal(response.status, 202);
  const location = response.headers.get('location');
  await waitFor(async () => (await gateway.get(location)).state === 'succeeded', 'the command to succeed');
});

test('over WebSocket each state comes as a message with the id of the request', async () => {
  const ws = await Ws.open(gateway, '', { role: 'operator' });
  ws.send({ op: 'command', id: 'c1', device: 'boiler-1', name: 'set', args: { target: 42 }, timeout: '5s' });
  await ws.message(({ op, id, command }) => op === 'command' && id === 'c1' && command.state === 'succeeded');
  const seen = ws.messages.filter(({ op, id }) => op === 'command' && id === 'c1').map(({ command }) => command.state);
  assert.deepEqual(seen, ['queued', 'sent', 'succeeded']);
});

test('a device that refuses makes it failed, with its reason', async () => {
  const old = device.reply;
  device.reply = ({ id }) => ({ id, ok: false, error: 'door open' });
  const { state, error } = await (await post('boiler-1', { name: 'set', args: { target: 1 } }, { query: '?wait=10' })).json();
  device.reply = old;
  assert.deepEqual([state, error], ['failed', 'door open']);
});

test('no answer until the deadline: unknown, for it may have been executed', async () => {
  const old = device.reply;
  device.reply = () => null;
  const { state } = await (await post('boiler-1', { name: 'set', args: { target: 2 }, timeout: '1s' }, { query: '?wait=10' })).json();
  device.reply = old;
  assert.equal(state, 'unknown');
});

test('never sent until the deadline: expired', async () => {
  const other = await startMosquitto();
  const alone = await startGateway({ toml: mqttToml(other, { commands: declared }) });
  const client = await other.client();
  await client.publishAsync('sensors/boiler-9/temperature', '1', { qos: 1 });
  await waitFor(async () => (await alone.get('/v1/devices')).devices.length > 0, 'the device');
  await other.stop();
  await waitFor(async () => (await (await alone.fetch('/metrics')).text()).match(/weir_reader_connected\{[^}]*\} 0/), 'the gateway to notice');
  const response = await alone.fetch('/v1/devices/boiler-9/commands?wait=10', {
    role: 'operator',
    json: { name: 'set', args: { target: 3 }, timeout: '1s' },
  });
  assert.equal((await response.json()).state, 'expired');
});

test('a repeated idempotency key repeats the answer and sends nothing again', async () => {
  const headers = { 'idempotency-key': 'once' };
  const told = device.told.length;
  const first = await (await post('boiler-1', { name: 'set', args: { target: 5 } }, { query: '?wait=10', headers })).json();
  const again = await (await post('boiler-1', { name: 'set', args: { target: 5 } }, { query: '?wait=10', headers })).json();
  assert.equal(again.id, first.id);
  assert.equal(again.state, 'succeeded');
  assert.equal(device.told.length, told + 1);
});

test('refused: undeclared, out of range, wrong type, missing, unknown argument, unknown device', async () => {
  const told = device.told.length;
  const refused = async (name, json, detail, ...statuses) => {
    const response = await post(name, json);
    const problem = await response.json();
    assert.ok(statuses.includes(response.status), `${response.status} ${JSON.stringify(problem)}`);
    assert.match(response.headers.get('content-type'), /application\/problem\+json/);
    assert.match(problem.detail, detail);
  };
  await refused('boiler-1', { name: 'explode', args: {} }, /explode/, 400, 404, 409, 422);
  await refused('boiler-1', { name: 'set', args: { target: 91 } }, /target/, 400, 422);
  await refused('boiler-1', { name: 'set', args: { target: 'hot' } }, /target/, 400, 422);
  await refused('boiler-1', { name: 'set', args: {} }, /target/, 400, 422);
  await refused('boiler-1', { name: 'set', args: { target: 1, colour: 2 } }, /colour/, 400, 422);
  await refused('nobody', { name: 'set', args: { target: 1 } }, /nobody/, 404);
  assert.equal(device.told.length, told);
});

test('viewers and ingest tokens may not command; operators and admins may', async () => {
  const body = { name: 'set', args: { target: 9 } };
  assert.equal((await post('boiler-1', body, { role: null })).status, 401);
  for (const role of ['viewer', 'ingest']) assert.equal((await post('boiler-1', body, { role })).status, 403);
  for (const role of ['operator', 'admin']) assert.equal((await post('boiler-1', body, { role })).status, 202);
  const ws = await Ws.open(gateway, '', { role: 'viewer' });
  ws.send({ op: 'command', id: 'c', device: 'boiler-1', ...body });
  const { problem } = await ws.message(({ op, id }) => op === 'error' && id === 'c');
  assert.equal(problem.status, 403);
});

test('a serial node declares its commands and answers them', async () => {
  const commands = await waitFor(async () => {
    const { commands: list } = await gateway.get('/v1/devices/bench-1');
    return list?.length > 0 && list;
  }, 'the declared commands');
  const { name, args } = commands.find(({ name: each }) => each === 'set') ?? commands[0];
  const values = Object.fromEntries(Object.entries(args ?? {}).map(([key, argument]) => [argument.name ?? key, example(argument)]));
  const response = await post('bench-1', { name, args: values }, { query: '?wait=10' });
  const command = await response.json();
  assert.equal(command.state, 'succeeded', JSON.stringify(command));
});

function example({ type, min, max, values }) {
  if (type === 'boolean') return true;
  if (type === 'string') return 'text';
  if (type === 'enum' || values) return values[0];
  return min ?? max ?? 1;
}
