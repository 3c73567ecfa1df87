// permessage-deflate (RFC 7692) on /v1/stream: what is compressed once serves every client that wants it so, and the others none.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import test, { before } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import WebSocket from 'ws';
import { Ws, startGateway, waitFor } from './harness.mjs';

let gateway;

before(async () => {
  gateway = await startGateway({ server: 'websocket_compression = true' });
});

const push = (device, ...values) =>
  gateway.fetch('/v1/readings', { role: 'ingest', json: values.map((value) => ({ device, metric: 'temperature', value })) });
const numbers = (count, from = 0) => Array.from({ length: count }, (_, i) => from + i);
const open = (query, options) => Ws.open(gateway, query, { compress: true, ...options });

async function metric(name) {
  const text = await (await gateway.fetch('/metrics')).text();
  return Number(text.match(new RegExp(`^${name} (\\d+)$`, 'm'))[1]);
}

test('what a client offers is answered without a window on either side, and only if it is switched on', async () => {
  const ws = await open('devices=none');
  assert.equal(ws.socket.extensions, 'permessage-deflate');
  assert.match(ws.extensions, /^permessage-deflate; server_no_context_takeover; client_no_context_takeover$/);
  const plain = await Ws.open(gateway, 'devices=none');
  assert.equal(plain.socket.extensions, '');
  assert.equal(plain.extensions, undefined);
  const other = await startGateway();
  const refused = await Ws.open(other, '', { compress: true });
  assert.equal(refused.extensions, undefined);
  refused.send({ op: 'ping', id: 'p' });
  await refused.message(({ op }) => op === 'pong');
  await other.stop();
});

test('many clients of one group are sent one compressed message, and one that wants none gets the same records', async () => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => open('devices=crowd')));
  const plain = await Ws.open(gateway, 'devices=crowd');
  const cbor = await open('devices=crowd', { protocol: 'weir.v1.cbor' });
  await waitFor(() => clients.every((ws) => ws.messages.length === 0), 'all to be quiet');
  const before = await metric('weir_server_messages_compressed_total');
  await push('crowd', ...numbers(200));
  for (const ws of [...clients, plain]) {
    const records = await ws.until(200);
    assert.deepEqual(records.map(({ value }) => value), numbers(200));
    assert.deepEqual(records, plain.records);
  }
  await waitFor(() => cbor.messages.length > 0, 'the message in CBOR');
  assert.ok(cbor.messages[0].includes('temperature'));
  const compressed = (await metric('weir_server_messages_compressed_total')) - before;
  assert.ok(compressed <= 2 + 2 * 3, `${compressed} messages were compressed for 21 clients`); // the readings come in 1 to 3 commits
  assert.ok(clients[0].received < plain.received / 4, `${clients[0].received} bytes instead of ${plain.received}`);
});

test('who comes back with its cursor goes on behind it, far behind the head too', async () => {
  await push('back', ...numbers(500));
  const first = await open('devices=back&after=earliest');
  await first.until(500);
  const { cursor } = first;
  await first.close();
  for (let from = 500; from < 5000; from += 500) await push('back', ...numbers(500, from));
  const all = await Promise.all(Array.from({ length: 5 }, () => open(`devices=back&after=${cursor}`)));
  for (const ws of all) assert.deepEqual((await ws.until(4500)).map(({ value }) => value), numbers(4500, 500));
});

test('messages of a client are expanded, whole and in fragments, with control frames between them', async () => {
  const ws = await open('');
  ws.socket.send(JSON.stringify({ op: 'ping', id: 'whole', padding: 'x'.repeat(60_000) }), { compress: true });
  await ws.message(({ id }) => id === 'whole');
  ws.socket.send(JSON.stringify({ op: 'ping', id: 'as it is' }), { compress: false });
  await ws.message(({ id }) => id === 'as it is');
  const pong = new Promise((done) => ws.socket.on('pong', done));
  const text = JSON.stringify({ op: 'ping', id: 'fragments', padding: 'y'.repeat(5000) });
  ws.socket.send(text.slice(0, 10), { compress: true, fin: false });
  ws.socket.ping('between');
  ws.socket.send(text.slice(10, 2000), { compress: true, fin: false });
  ws.socket.send(text.slice(2000), { compress: true, fin: true });
  await ws.message(({ id }) => id === 'fragments');
  assert.equal(String(await pong), 'between');
  const cbor = await open('', { protocol: 'weir.v1.cbor' });
  cbor.socket.send(Buffer.from('a2626f706470696e676269640c', 'hex'), { compress: true });
  await waitFor(() => cbor.messages.length > 0, 'the pong in CBOR');
});

/** A client that frames by hand: what no library would send. */
async function byHand(...frames) {
  const socket = connect(gateway.port, '127.0.0.1');
  const token = await gateway.token('viewer');
  socket.write(`GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n');
  for (const bytes of frames) socket.write(bytes);
  let all = Buffer.alloc(0);
  const answer = () => all.subarray(all.indexOf('\r\n\r\n') + 4);
  for await (const chunk of socket) {
    all = Buffer.concat([all, chunk]);
    if (all.includes('\r\n\r\n') && answer().length >= 4) break;
  }
  assert.equal(answer()[0], 0x88, `a close frame: ${answer().toString('hex').slice(0, 100)}`);
  return answer().readUInt16BE(2);
}

/** Masked with zeros. `head`: FIN 0x80, RSV1 0x40, the opcode. */
function frame(head, payload) {
  const long = payload.length > 125;
  const bytes = Buffer.alloc(long ? 8 : 6);
  bytes[0] = head;
  bytes[1] = 0x80 | (long ? 126 : payload.length);
  if (long) bytes.writeUInt16BE(payload.length, 2);
  return Buffer.concat([bytes, payload]);
}

const deflated = (text) => Buffer.concat([deflateRawSync(text), Buffer.from([0])]); // ends with a last block: RFC 7692 section 7.2.3.4

test('a bomb closes with 1009, garbage with 1007, RSV1 where it may not be with 1002', async () => {
  const bomb = deflated(JSON.stringify({ op: 'ping', id: '0'.repeat(20_000_000) }));
  assert.ok(bomb.length < 65_000);
  assert.equal(await byHand(frame(0xc1, bomb)), 1009);
  assert.equal(await byHand(frame(0x41, bomb.subarray(0, 10)), frame(0x00, bomb.subarray(10, 9000)), frame(0x80, bomb.subarray(9000))), 1009);
  assert.equal(await byHand(frame(0xc1, Buffer.from('\xff\xff\xff\xffgarbage', 'latin1'))), 1007);
  assert.equal(await byHand(frame(0xc1, deflated('{"op":"ping"}').subarray(0, 8))), 1007);
  assert.equal(await byHand(frame(0xc1, deflated('{"op":'))), 1007);
  assert.equal(await byHand(frame(0xc1, deflated(Buffer.from('"\xff\xfe"', 'latin1')))), 1007);
  assert.equal(await byHand(frame(0x41, deflated('{}').subarray(0, 2)), frame(0xc0, deflated('{}').subarray(2))), 1002);
  assert.equal(await byHand(frame(0xa1, Buffer.from('{}'))), 1002);
  const ws = await open('');
  ws.send({ op: 'ping', id: 'still there' });
  await ws.message(({ id }) => id === 'still there');
});

test('an offer that can not be kept is not taken, and the client is served without', async () => {
  const ws = await Ws.open(gateway, 'devices=small', { compress: { serverMaxWindowBits: 10 } });
  assert.equal(ws.extensions, undefined);
  await push('small', ...numbers(50));
  await ws.until(50);
});

test('the sockets of clients that do not read stay in order when they read on', async () => {
  const ws = await open('devices=slow');
  ws.socket.pause();
  for (let from = 0; from < 20_000; from += 2000) await push('slow', ...numbers(2000, from));
  ws.socket.resume();
  assert.deepEqual((await ws.until(20_000, 30_000)).map(({ value }) => value), numbers(20_000));
  assert.equal(ws.socket.readyState, WebSocket.OPEN);
});
