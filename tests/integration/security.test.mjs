// Whom to tell of a hole; which holes of the library are known; and that what is known does not work here.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import test, { before } from 'node:test';
import { Ws, patience, startGateway } from './harness.mjs';

let gateway;
before(async () => (gateway = await startGateway()));

/** Bytes as they are; what came back until the end, or until `enough` of it is there. */
function raw(text, { enough = () => false, timeoutMs = 15_000 } = {}) {
  return new Promise((done) => {
    const socket = connect(gateway.port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    const end = () => (socket.destroy(), done(answer));
    socket.setTimeout(timeoutMs * patience, end);
    socket.setEncoding('latin1').on('data', (data) => ((answer += data), enough(answer) && end())).on('error', end).on('close', end);
  });
}
const answered = (answer) => answer.includes('\r\n\r\n');
const healthy = async () => assert.ok((await gateway.fetch('/healthz', { role: null })).ok);
const upgrade = (more) => `GET /v1/stream HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nConnection: Upgrade\r\n${more}\r\n\r\n`;
const websocket = 'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';

test('security.txt names a contact, and is valid for most of a year', async () => {
  const answer = await gateway.fetch('/.well-known/security.txt', { role: null });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
  const fields = Object.fromEntries((await answer.text()).trim().split('\n').map((line) => line.split(/: (.*)/s)));
  assert.equal(fields['Preferred-Languages'], 'en, ko');
  const days = (Date.parse(fields.Expires) - Date.now()) / 86_400_000;
  assert.ok(days > 360 && days < 366, fields.Expires);
  assert.match(await (await fetch(fields.Contact)).text(), /Nobody has named a contact[^]*SECURITY\.md/);
});

test('whoever ships a gateway names the contact', async () => {
  const shipped = await startGateway({ server: 'security_contact = "mailto:security@plant.example"' });
  assert.match(await (await shipped.fetch('/.well-known/security.txt', { role: null })).text(), /^Contact: mailto:security@plant\.example\n/);
  const wrong = await startGateway({ server: 'security_contact = "call me\\nExpires: never"', start: false });
  assert.match((await wrong.weir('run')).stderr, /server\.security_contact: .* is not a contact; write "mailto:…"/);
});

test('who lets others in is told of holes in the library, and how to mend them', async () => {
  const told = (log) => log.split('\n').map((line) => line.match(/libwebsockets \d[.\d]+: .*; fixed in .*; here .*/)?.[0]).filter(Boolean);
  assert.deepEqual(told(gateway.log), [], 'on this computer only: nothing');
  const open = await startGateway({ server: 'insecure = true', start: false });
  writeFileSync(open.config, readFileSync(open.config, 'utf8').replace('127.0.0.1:', '0.0.0.0:'));
  await open.start();
  const { findings } = JSON.parse((await open.weir('doctor', '--json')).stdout);
  const known = findings.filter(({ name, what }) => name === 'libwebsockets' && what.includes('fixed in'));
  assert.deepEqual(told(open.log), known.map(({ what }) => what));
  assert.ok(known.every(({ state, remedy }) => state === 'warning' && /proxy/.test(remedy)));
  assert.equal(/others can reach this libwebsockets: install .* nginx or HAProxy/.test(open.log), known.length > 0);
});

// Guards against what is known of libwebsockets 4.1.6 and later.

test('HTTP/2 is not to be had in the clear, neither by Upgrade nor by prior knowledge', async () => {
  const h2c = await raw(upgrade('Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__'), { enough: answered });
  assert.doesNotMatch(h2c, /^HTTP\/1\.1 101/);
  const preface = await raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', { timeoutMs: 8000 });
  assert.ok(!preface.includes('\x00\x00') && !/^HTTP\/1\.1 [12]/.test(preface), JSON.stringify(preface));
  await healthy();
});

test('an upgrade to what is no WebSocket is refused, whatever it is called, and harms nothing', async () => {
  for (const name of ['foo', '', 'websocketx', 'h2c, websocket', 'x'.repeat(500)]) {
    assert.doesNotMatch(await raw(upgrade(`Upgrade: ${name}`), { enough: answered }), /^HTTP\/1\.1 101/, name.slice(0, 20));
  }
  for (let i = 0; i < 20; ++i) await raw(upgrade('Upgrade: foo\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='), { enough: answered });
  await healthy();
});

test('a Content-Length that is no number of bytes is refused and its connection closed', async () => {
  for (const length of ['-1', '-9223372036854775808', '+5', '5, 6', '0x10', '18446744073709551616']) {
    const head = `POST /v1/readings HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${await gateway.token('ingest')}\r\nContent-Length: ${length}\r\n\r\n`;
    const began = Date.now();
    assert.match(await raw(head), /^HTTP\/1\.1 (400|413) |^$/, length);
    assert.ok(Date.now() - began < 8000 * patience, `${length}: kept open`);
  }
  await healthy();
});

test('a WebSocket of a foreign page is refused, and one without a subprotocol needs a credential like any other', async () => {
  const authorization = `Authorization: Bearer ${await gateway.token()}`;
  assert.match(await raw(upgrade(`${websocket}\r\n${authorization}\r\nOrigin: https://evil.example`), { enough: answered }), /^HTTP\/1\.1 403 /);
  assert.match(await raw(upgrade(websocket), { enough: answered }), /^HTTP\/1\.1 401 /);
  assert.match(await raw(upgrade(`${websocket}\r\n${authorization}`), { enough: answered }), /^HTTP\/1\.1 101 /);
});

test('permessage-deflate is not agreed to unless it was asked for in the configuration', async () => {
  const ws = await Ws.open(gateway, '', { compress: true });
  assert.equal(ws.extensions, undefined);
});

test('a head of 7 KB is taken, and one of 20 KB is refused without harm', async () => {
  const head = (bytes) => `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nCookie: a=${'y'.repeat(bytes)}\r\n\r\n`;
  assert.match(await raw(head(7000), { enough: answered }), /^HTTP\/1\.1 200 /);
  assert.doesNotMatch(await raw(head(20_000), { enough: answered }), /^HTTP\/1\.1 200 /);
  await healthy();
});

test('a peer that says nothing, and one that stops in its request, are gone after 5 s', { timeout: 30_000 * patience }, async () => {
  const began = Date.now();
  const answers = await Promise.all([raw(''), raw('GET /healthz HT'), raw('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n')]);
  assert.ok(answers.every((answer) => !answer.includes('200 OK')));
  assert.ok(Date.now() - began < 9000 * patience, `${Date.now() - began} ms`);
  await healthy();
});
