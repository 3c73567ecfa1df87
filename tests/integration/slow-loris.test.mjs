// A thousand peers that hang: half a head, a byte now and then, nothing at all, a body that doesn't come. Others don't feel them.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { networkInterfaces } from 'node:os';
import test, { before } from 'node:test';
import { freePort, patience, startGateway, waitFor } from './harness.mjs';

const peers = 1000;
let gateway, token;

before(async () => {
  gateway = await startGateway();
  token = await gateway.token('viewer');
});

const openings = [
  '', // says nothing, ever
  'GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', // then a byte now and then
  'GET / HTTP/1.1\r\n',
  'POST /v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"code":"', // then a byte
];

class Loris {
  constructor(i) {
    this.begun = Date.now();
    this.answer = '';
    this.socket = createConnection({ host: '127.0.0.1', port: gateway.port }, () => this.open(openings[i % openings.length]));
    this.socket.setEncoding('latin1').on('data', (text) => (this.answer += text)).on('error', () => {});
    this.ended = new Promise((done) => this.socket.on('close', () => done(Date.now() - this.begun)));
    this.socket.on('close', () => clearInterval(this.drip));
  }

  open(bytes) {
    this.socket.write(bytes);
    if (bytes !== '') this.drip = setInterval(() => this.socket.write('a'), 500);
  }
}

const resident = () => Number(readFileSync(`/proc/${gateway.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);

/** The 99th percentile of what one client waits for an answer, in ms, of those asked within `seconds`. */
async function p99(seconds) {
  const times = [];
  const until = Date.now() + seconds * 1000;
  while (Date.now() < until) {
    const begun = performance.now();
    const response = await fetch(`${gateway.url}/v1/devices`, { headers: { authorization: `Bearer ${token}` } });
    await response.text();
    assert.equal(response.status, 200);
    times.push(performance.now() - begun);
  }
  assert.ok(times.length > 20, String(times.length));
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)];
}

test('1,000 slow-loris peers leave others unharmed, cost 16 KiB each at most, and are sent away within seconds', { timeout: 120_000 }, async () => {
  await p99(1);
  const [quiet, alone] = [await p99(3), resident()];
  const hanging = Array.from({ length: peers }, (_, i) => new Loris(i));
  const accepted = async () => Number(/^weir_server_connections_total (\d+)/m.exec(await (await gateway.fetch('/metrics')).text())[1]);
  let most = 0;
  const sampler = setInterval(() => (most = Math.max(most, resident())), 50);
  await waitFor(async () => (await accepted()) >= peers, 'them all', 20_000);
  const crowded = await p99(3);
  const ends = await Promise.all(hanging.map(({ ended }) => ended));
  clearInterval(sampler);
  const each = (most - alone) / peers;
  const longest = Math.max(...ends);
  console.log(`p99 alone ${quiet.toFixed(1)} ms, beside ${peers} peers ${crowded.toFixed(1)} ms; ${each.toFixed(1)} KiB each; the last was sent away after ${longest} ms`);
  assert.ok(crowded < 5 * quiet + 20 * patience, `p99 ${quiet} -> ${crowded} ms`);
  assert.ok(patience > 1 || each <= 16, `${each} KiB for each`);
  assert.ok(longest < 12_000 * patience, `${longest} ms`);
  const slowBody = hanging.find((_, i) => i % openings.length === 3);
  assert.match(slowBody.answer, /^HTTP\/1\.1 408 /);
  assert.match(await (await gateway.fetch('/metrics')).text(), /weir_server_refused_total\{limit="handshake"\} [1-9]/);
});

test('a client that reads the page slowly is let go, and costs nobody anything', { timeout: 120_000 }, async () => {
  const readers = Array.from({ length: 50 }, () => {
    const socket = createConnection({ host: '127.0.0.1', port: gateway.port }).on('error', () => {});
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return socket;
  });
  assert.ok((await p99(2)) < 1000 * patience);
  for (const socket of readers) socket.destroy();
});

// Over loopback strangers are not limited: a proxy asks for many. So by another address of this computer, where it has one.
const outside = Object.values(networkInterfaces()).flat().find(({ internal, family }) => !internal && family === 'IPv4')?.address;

test('32 strangers who hang keep nobody out, and an address brings no more than 20 a second', { skip: !outside && 'no address but loopback', timeout: 60_000 }, async () => {
  const port = await freePort();
  const open = await startGateway({ start: false });
  writeFileSync(open.config, `data_dir = "${open.folder}/data"\n[server]\nlisten = ["127.0.0.1:${open.port}", "${outside}:${port}"]\ntls = "off"\ninsecure = true\n`);
  await open.start();
  const good = await open.token('viewer');
  const refused = async (limit) => Number(new RegExp(`weir_server_refused_total\\{limit="${limit}"\\} (\\d+)`).exec(await (await open.fetch('/metrics')).text())[1]);
  const connect = () => new Promise((done) => {
    const socket = createConnection({ host: outside, port }, () => done(socket)).on('error', () => {});
    socket.on('close', () => (socket.gone = true));
    socket.resume();
  });
  const first = await connect();
  const hanging = [first, ...(await Promise.all(Array.from({ length: 34 }, connect)))];
  await waitFor(() => first.gone, 'the first of them to make room', 4000);
  assert.ok(hanging.filter(({ gone }) => !gone).length <= 32);
  assert.ok((await refused('unauthenticated')) >= 3);
  const response = await fetch(`http://${outside}:${port}/v1/devices`, { headers: { authorization: `Bearer ${good}` } });
  assert.equal(response.status, 200);
  await Promise.all(Array.from({ length: 60 }, connect));
  await waitFor(async () => (await refused('arrivals_per_address')) > 10, 'the address to be slowed down');
  for (const socket of hanging) socket.destroy();
});
