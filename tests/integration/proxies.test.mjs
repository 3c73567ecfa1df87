// Every delivery through nginx and HAProxy, at the root and under a prefix, with the configurations of gateway/docs/proxies.md.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Ndjson, Sse, Ws, freePort, mqttToml, originsToml, page, replace, startGateway, startMosquitto, startProxy, waitFor } from './harness.mjs';

const commands = `
  publish = "sensors/{device}/commands"
  replies = "sensors/+/replies"
    [[mqtt.commands.declare]]
    device = "boiler*"
    name = "set"
    args.target = { type = "number" }
`;
const names = ['nginx', 'haproxy'];
const values = (records) => records.map(({ value }) => value);
const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);
const readings = (device, numbers, more = {}) => numbers.map((value) => ({ device, metric: 'n', value, ...more }));

async function push(gateway, json, options) {
  const response = await gateway.fetch('/v1/readings', { role: 'ingest', json, ...options });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

/** Each reading is pushed only when the one before has come through: what a proxy holds back stops the test here. */
async function oneByOne(gateway, device, stream) {
  for (const value of range(0, 5)) {
    await push(gateway, readings(device, [value]));
    await stream.until(value + 1);
  }
  assert.deepEqual(values(stream.records), range(0, 5));
}

const connections = async (gateway, kind) =>
  Number((await (await gateway.fetch('/metrics')).text()).match(new RegExp(`^weir_server_connections\\{kind="${kind}"\\} (\\d+)$`, 'm'))[1]);
const connected = (gateway, kind, count) =>
  waitFor(async () => (await connections(gateway, kind)) === count, `${count} connections of the kind ${kind}`);

// ---- A stream that is silent but for its heartbeats lives longer than the proxy waits: begun here, asked about at the end.

const proxyWaits = 30_000; // longer than from a ping of a WebSocket to the next
const silent = [];

before(async () => {
  const gateway = await startGateway();
  for (const name of names) {
    const proxy = await startProxy(name, gateway.port, { change: (config) => replace(config, '75s', `${proxyWaits / 1000}s`) });
    const sse = await proxy.to(gateway).fetch('/v1/stream', { headers: { accept: 'text/event-stream' } });
    const [ndjson, ws] = [await Ndjson.open(proxy.to(gateway)), await Ws.open(proxy.to(gateway))];
    const kept = { name, ndjson, ws, sse: '', pings: 0, begun: Date.now() };
    ws.socket.on('ping', () => (kept.pings += 1));
    readHeartbeats(sse, kept).catch((error) => (kept.error = error));
    silent.push(kept);
  }
});

async function readHeartbeats(response, kept) {
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) kept.sse += text;
  kept.ended = true;
}

for (const name of names) {
  for (const prefix of [false, true]) {
    describe(`${name}${prefix ? ', under a prefix, with compression' : ''}`, () => everyDelivery(name, prefix));
  }
}

function everyDelivery(name, prefix) {
  let gateway, proxy, through, broker;

  before(async () => {
    broker = await startMosquitto();
    gateway = await startGateway({ toml: mqttToml(broker, { commands }) });
    proxy = await startProxy(name, gateway.port, { prefix, gzip: prefix });
    through = proxy.to(gateway);
  });

  after(async () => {
    await proxy.stop();
    await gateway.stop();
    await broker.stop();
  });

  test('a push through it, and pages of what it brought', async () => {
    const { accepted, cursor } = await push(through, readings('page', range(0, 3)));
    assert.equal(accepted, 3);
    await push(through, readings('page', [3]));
    assert.deepEqual(values((await page(through, 'devices=page')).records), range(0, 4));
    assert.deepEqual(values((await page(through, `devices=page&after=${cursor}`)).records), [3]);
  });

  test('a page that is still the same is not sent again, though compressing changes its tag', async () => {
    await push(through, readings('same', range(0, 50)));
    const ask = (headers = {}) => through.fetch('/v1/stream?devices=same', { headers: { accept: 'application/json', ...headers } });
    const first = await ask();
    assert.equal(first.headers.get('content-encoding'), 'gzip');
    assert.equal((await first.json()).records.length, 50);
    assert.equal((await ask({ 'if-none-match': first.headers.get('etag') })).status, 304);
    await push(gateway, readings('same', [50]));
    assert.equal((await ask({ 'if-none-match': first.headers.get('etag') })).status, 200);
  });

  test('a refusal arrives as it is', async () => {
    const response = await through.fetch('/v1/stream?limit=none');
    assert.equal(response.status, 400);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    assert.equal((await through.fetch('/v1/stream', { role: null })).status, 401);
  });

  test('long polling answers with the first record', async () => {
    const { cursor } = await page(through, 'devices=poll');
    const waiting = page(through, `devices=poll&after=${cursor}&wait=30`);
    await connected(gateway, 'long_poll', 1);
    await push(gateway, readings('poll', [7]));
    assert.deepEqual(values((await waiting).records), [7]);
  });

  test('NDJSON, record by record', async () => {
    const stream = await Ndjson.open(through, 'devices=nd');
    assert.match(stream.response.headers.get('weir-cursor'), /^[0-9a-f]{8}-\d+$/);
    await oneByOne(gateway, 'nd', stream);
    await stream.close();
  });

  test('server-sent events, one by one', async () => {
    const stream = await Sse.open(through, 'devices=sse');
    await stream.opened();
    await oneByOne(gateway, 'sse', stream);
    stream.close();
  });

  test('an event source comes back with Last-Event-ID after the proxy was away', async () => {
    const stream = await Sse.open(through, 'devices=away');
    await stream.opened();
    await push(gateway, readings('away', [0, 1]));
    await stream.until(2);
    await proxy.stop();
    await push(gateway, readings('away', [2, 3]));
    await proxy.start();
    assert.deepEqual(values(await stream.until(4, 30_000)), range(0, 4));
    await push(gateway, readings('away', [4]));
    assert.deepEqual(values(await stream.until(5)), range(0, 5));
    stream.close();
  });

  test('until ends an event source, and 204 keeps it away', async () => {
    const { cursor } = await push(gateway, readings('until', range(0, 3)));
    const stream = await Sse.open(through, `devices=until&after=earliest&until=${cursor}`);
    await waitFor(() => stream.ended && stream.statuses.includes(204), 'event: end, and 204 at the reconnect', 20_000);
    assert.deepEqual(values(stream.records), range(0, 3));
  });

  test('WebSocket in text: records, ping and pong of both kinds', async () => {
    const ws = await Ws.open(through, 'devices=ws');
    await oneByOne(gateway, 'ws', ws);
    ws.send({ op: 'ping', id: 'p' });
    await ws.message(({ op, id }) => op === 'pong' && id === 'p');
    const pong = new Promise((done) => ws.socket.once('pong', done));
    ws.socket.ping('frame');
    assert.equal(String(await pong), 'frame');
    assert.equal((await ws.close()).code, 1005);
  });

  test('WebSocket in CBOR', async () => {
    const ws = await Ws.open(through, 'devices=cbor', { protocol: 'weir.v1.cbor' });
    assert.equal(ws.socket.protocol, 'weir.v1.cbor');
    ws.socket.send(Buffer.from('\xa2\x62op\x64ping\x62id\x61p', 'latin1'));
    await ws.message((bytes) => bytes.includes('pong'));
    await push(gateway, readings('cbor', [1]));
    await ws.message((bytes) => ['records', 'device', 'cbor'].every((word) => bytes.includes(word)));
    await ws.close();
  });

  test('commands over WebSocket and by POST, whose Location can be followed', async () => {
    const device = await broker.client();
    device.on('message', (_, body) => device.publish('sensors/boiler-1/replies', JSON.stringify({ id: JSON.parse(body).id, ok: true })));
    await device.subscribeAsync('sensors/boiler-1/commands', { qos: 1 });
    await device.publishAsync('sensors/boiler-1/temperature', '60', { qos: 1 });
    await waitFor(async () => (await through.get('/v1/devices')).devices.some((each) => each.device === 'boiler-1'), 'the device');
    const ws = await Ws.open(through, '', { role: 'operator' });
    const command = { name: 'set', args: { target: 42 } };
    ws.send({ op: 'command', id: 'c1', device: 'boiler-1', ...command });
    await ws.message(({ op, command: told }) => op === 'command' && told.state === 'succeeded');
    await ws.close();
    const response = await through.fetch('/v1/devices/boiler-1/commands', { role: 'operator', json: command });
    assert.equal(response.status, 202);
    const { pathname } = new URL(response.headers.get('location'), response.url);
    assert.ok(pathname.startsWith(prefix ? '/weir/v1/commands/' : '/v1/commands/'), pathname);
    const path = pathname.slice(new URL(`${through.url}/`).pathname.length - 1);
    await waitFor(async () => (await through.get(path)).state === 'succeeded', 'the command to succeed');
  });

  test('a large file is complete', async () => {
    const begin = Date.parse('2026-02-01T00:00:00Z');
    for (let i = 0; i < 60_000; i += 10_000) {
      await push(gateway, range(i, i + 10_000).map((value) => ({ device: 'file', metric: 'n', value, time: new Date(begin + value * 1000).toISOString() })));
    }
    const path = '/v1/history?device=file&metric=n&from=2026-02-01T00:00:00Z&to=2026-02-02T00:00:00Z';
    const [near, far] = await Promise.all([[gateway, 'identity'], [through, 'gzip']].map(([way, coding]) => way.fetch(path, { headers: { accept: 'text/csv', 'accept-encoding': coding } })));
    assert.deepEqual([near, far].map(({ headers }) => headers.get('content-encoding')), [null, 'gzip']);
    const [direct, proxied] = await Promise.all([near, far].map(async (response) => Buffer.from(await response.arrayBuffer())));
    assert.equal(direct.toString().trimEnd().split('\n').length, 60_001);
    assert.ok(proxied.equals(direct), `${proxied.length} of ${direct.length} bytes`);
  });

  test('names keep their spaces, slashes and letters', async () => {
    const device = 'halle 2/kessel ö%';
    await push(through, readings(device, [1]));
    assert.deepEqual(values((await page(through, `devices=${encodeURIComponent(device)}`)).records), [1]);
    assert.equal((await through.get(`/v1/devices/${encodeURIComponent(device)}`)).device, device);
  });

  test('a client that hangs up is gone behind the proxy too', async () => {
    const open = {
      sse: async () => { const sse = await Sse.open(through); await sse.opened(); return sse; },
      ndjson: () => Ndjson.open(through),
      websocket: () => Ws.open(through),
      long_poll: async () => {
        const abort = new AbortController();
        const options = { headers: { accept: 'application/json' }, signal: abort.signal };
        through.fetch('/v1/stream?after=now&wait=60', options).catch(() => {});
        return { close: () => abort.abort() };
      },
    };
    for (const [kind, begin] of Object.entries(open)) {
      await connected(gateway, kind, 0);
      const client = await begin();
      await connected(gateway, kind, 1);
      await client.close();
      await connected(gateway, kind, 0);
    }
  });

  test('pages of this address may connect, others not', async () => {
    const { origin } = new URL(proxy.url);
    await (await Ws.open(through, '', { headers: { origin } })).close();
    await assert.rejects(Ws.open(through, '', { headers: { origin: 'https://evil.example' } }), { status: 403 });
  });

  if (prefix) {
    test('the prefix without its slash leads to the dashboard', async () => {
      const response = await fetch(proxy.url);
      assert.equal(response.url, `${proxy.url}/`);
      assert.match(await response.text(), /<title>Weir<\/title>/);
    });
  }
}

// ---- What the page says about origins

const trusting = { tls: { rejectUnauthorized: false } }; // the proxy's certificate is its own

test('TLS at the proxy: a page needs its origin in server.origins', async () => {
  for (const name of names) {
    const port = await freePort();
    const origin = `https://127.0.0.1:${port}`;
    const headers = { origin };
    const [deaf, told] = [await startGateway(), await startGateway({ server: originsToml(origin) })];
    const proxy = await startProxy(name, deaf.port, { tls: true, port });
    await assert.rejects(Ws.open(proxy.to(deaf), '', { headers, ...trusting }), { status: 403 });
    await proxy.stop();
    const right = await startProxy(name, told.port, { tls: true, port });
    const ws = await Ws.open(right.to(told), 'devices=tls', { headers, ...trusting });
    await oneByOne(told, 'tls', ws);
    await assert.rejects(Ws.open(right.to(told), '', { headers: { origin: 'https://evil.example' }, ...trusting }), { status: 403 });
  }
});

test('where nginx changes Host, pages are foreign until server.origins names them; streams flow over its HTTP/1.0 too', async () => {
  const port = await freePort();
  const bare = { port, change: (config) => config.replace(/^ +proxy_(set_header Host|http_version) .*\n/gm, '') };
  const origin = `http://127.0.0.1:${port}`;
  const gateway = await startGateway();
  const proxy = await startProxy('nginx', gateway.port, bare);
  const signIn = (way) => way.fetch('/v1/session', { role: null, json: { code: '0000-0000' }, headers: { origin } });
  assert.equal((await signIn(proxy.to(gateway))).status, 403);
  const stream = await Ndjson.open(proxy.to(gateway), 'devices=old');
  await oneByOne(gateway, 'old', stream);
  await stream.close();
  await proxy.stop();
  const told = await startGateway({ server: originsToml(origin) });
  const right = await startProxy('nginx', told.port, bare);
  assert.equal((await signIn(right.to(told))).status, 401, 'a wrong code, but a page that may ask');
});

test('heartbeats and pings keep silent streams alive for longer than the proxy waits', async () => {
  for (const kept of silent) {
    const beats = () => Math.min(kept.ndjson.heartbeats, kept.sse.split(/^:$/m).length - 1);
    await waitFor(() => beats() >= 2 || kept.ended || kept.error || kept.ndjson.ended, 'the second heartbeat', 60_000);
    assert.deepEqual([kept.ended, kept.error, kept.ndjson.ended, kept.ndjson.error], [undefined, undefined, undefined, undefined], kept.name);
    assert.ok(beats() >= 2, `${kept.name}: ${beats()} heartbeats`);
    const open = () => kept.ws.socket.readyState === kept.ws.socket.OPEN;
    await waitFor(() => !open() || Date.now() - kept.begun > proxyWaits + 2000, 'the proxy to lose patience', 60_000);
    assert.ok(open() && kept.pings >= 1, `${kept.name}: the WebSocket has ended, or had ${kept.pings} pings`);
    kept.ws.send({ op: 'ping', id: 'still there' });
    await kept.ws.message(({ id }) => id === 'still there');
  }
});
