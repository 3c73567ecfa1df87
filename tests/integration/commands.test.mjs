// Commands back to an MQTT device and a serial node, over POST and WebSocket.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
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
    [[mqtt.commands.declare]]
    device = "boiler*"
    name = "flush"
    dangerous = true
    [[mqtt.commands.declare]]
    device = "boiler*"
    name = "start"
    interlock = { metric = "door", equals = "false" }
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
  const self = { told: [], reply: ({ id, args }) => ({ id, ok: true, result: { target: args.target } }), publish: (metric, value) => client.publishAsync(`sensors/${name}/${metric}`, value, { qos: 1 }) };
  client.on('message', (topic, payload) => {
    const command = JSON.parse(payload);
    self.told.push(command);
    const reply = self.reply(command);
    if (reply?.ok && command.name === 'set') client.publish(`sensors/${name}/target`, String(self.shows ?? command.args.target), { qos: 1 });
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
  assert.deepEqual([command.result.target, command.result.verified, command.result.reading.value], [65, true, 65]);
  assert.match(command.by, /operator/);
  assert.deepEqual(device.told.map(({ id, name, args }) => ({ id, name, args })), [{ id: command.id, name: 'set', args: { target: 65 } }]);
  assert.ok(Date.parse(device.told[0].deadline) > Date.now());
  await waitFor(() => states(sse, command.id).includes('succeeded'), 'its end');
  assert.deepEqual([...new Set(states(sse, command.id))], ['queued', 'sent', 'succeeded']);
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
  assert.deepEqual([...new Set(seen)], ['queued', 'sent', 'succeeded']);
});

test('a state that does not show it: succeeded, and not verified', async () => {
  device.shows = 1;
  const { state, result } = await (await post('boiler-1', { name: 'set', args: { target: 30 }, timeout: '1s' }, { query: '?wait=10' })).json();
  device.shows = undefined;
  assert.deepEqual([state, result.verified, result.reading.value], ['succeeded', false, 1]);
});

test('a dangerous command needs its name, goes out alone, and has a pause behind it', async () => {
  const flush = (confirm, query = '') => post('boiler-1', { name: 'flush', confirm }, { query });
  for (const confirm of [undefined, 'yes', 'set']) {
    const refused = await flush(confirm);
    assert.equal(refused.status, 400);
    assert.match((await refused.json()).detail, /^confirm: flush of boiler-1 is dangerous/);
  }
  const old = device.reply;
  device.reply = () => null;
  const { id } = await (await flush('flush')).json();
  assert.equal((await flush('flush')).status, 409, 'one at a time');
  await waitFor(() => device.told.some((each) => each.id === id), 'it to be sent');
  await device.publish('replies', JSON.stringify({ id, ok: true }));
  await waitFor(async () => (await gateway.get(`/v1/commands/${id}`)).state === 'succeeded', 'its end');
  device.reply = old;
  const soon = await flush('flush');
  assert.equal(soon.status, 429);
  assert.equal(soon.headers.get('retry-after'), '5');
  const ws = await Ws.open(gateway, '', { role: 'operator' });
  ws.send({ op: 'command', id: 'w', device: 'boiler-1', name: 'flush' });
  assert.equal((await ws.message(({ op, id: of }) => op === 'error' && of === 'w')).problem.status, 400);
});

test('an interlock: what is not known to be safe is not sent', async () => {
  const start = () => post('boiler-1', { name: 'start' });
  assert.match((await (await start()).json()).detail, /door of boiler-1 was not reported/);
  await device.publish('door', 'true');
  await waitFor(async () => (await (await start()).json()).detail?.endsWith('door of boiler-1 is true'), 'the open door to be seen');
  await device.publish('door', 'false');
  await waitFor(async () => (await start()).status === 202, 'the closed door to be seen');
});

test('every command and its end is in the audit', async () => {
  const response = await post('boiler-1', { name: 'set', args: { target: 33 } }, { query: '?wait=10' });
  const { id } = await response.json();
  const rows = () => readdirSync(`${gateway.folder}/data/audit`).filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(`${gateway.folder}/data/audit/${name}`, 'utf8').trim().split('\n').map((line) => JSON.parse(line)))
    .filter(({ after }) => after?.includes(id));
  await waitFor(() => rows().length === 2, 'both rows');
  assert.deepEqual(rows().map(({ action, target, from, result }) => [action, target, from, result]), [
    ['command.accepted', 'boiler-1', '127.0.0.1', 'accepted'], ['command.ended', 'boiler-1', '127.0.0.1', 'succeeded']]);
  assert.match(rows()[0].who, /operator/);
  assert.deepEqual(JSON.parse(rows()[0].after), { id, name: 'set', args: { target: 33 } });
});

test('Zigbee2MQTT style: topic and payload by template, the state shows success', async () => {
  const lamps = await startGateway({
    toml: mqttToml(broker, {
      name: 'lamps',
      more: '  [[mqtt.subscribe]]\n  filter = "zigbee2mqtt/+"\n  device = "{1}"\n  decode = "json"\n',
      commands: `
  publish = "zigbee2mqtt/{device}/set"
  payload = '{"state": "{args.state}", "brightness": "{args.brightness}"}'
    [[mqtt.commands.declare]]
    device = "lamp*"
    name = "light"
    args.state = { type = "enum", values = ["ON", "OFF"] }
    args.brightness = { type = "integer", min = 0, max = 254, required = false }
    state_metric = "state"
`,
    }),
  });
  const lamp = await broker.client();
  const told = [];
  lamp.on('message', (topic, payload, packet) => {
    told.push([topic, payload.toString(), packet.retain]);
    lamp.publish('zigbee2mqtt/lamp-1', JSON.stringify({ state: JSON.parse(payload).state }), { qos: 1 });
  });
  await lamp.subscribeAsync('zigbee2mqtt/+/set', { qos: 1 });
  const response = await lamps.fetch('/v1/devices/lamp-1/commands?wait=10', {
    role: 'operator', json: { name: 'light', args: { state: 'ON', brightness: 120 } },
  });
  const { state, result } = await response.json();
  assert.deepEqual([state, result?.verified, result?.reading.value], ['succeeded', true, 'ON']);
  assert.deepEqual(told, [['zigbee2mqtt/lamp-1/set', '{"brightness":120,"state":"ON"}', false]]);
  const later = await broker.client();
  let retained = 0;
  later.on('message', () => (retained += 1));
  await later.subscribeAsync('zigbee2mqtt/+/set', { qos: 1 });
  await later.subscribeAsync('sensors/+/commands', { qos: 1 });
  await later.publishAsync('zigbee2mqtt/end/set', '{}', { qos: 1 });
  await waitFor(() => retained > 0, 'the last message');
  assert.equal(retained, 1, 'no command is kept by the broker');
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
