// tls = "auto": a key and a certificate of the gateway's own, kept over a restart; nothing in the clear.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import test from 'node:test';
import { connect } from 'node:tls';
import WebSocket from 'ws';
import { startGateway, waitFor } from './harness.mjs';

const certificate = (gateway) => readFileSync(join(gateway.folder, 'data/tls/certificate.pem'));

/** GET over TLS, trusting only the gateway's own certificate. */
function fetchTls(gateway, path, headers = {}) {
  return new Promise((done, fail) => {
    const request = get(`https://127.0.0.1:${gateway.port}${path}`, { ca: certificate(gateway), headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text)).on('end', () => done({ status: response.statusCode, body }));
    });
    request.on('error', fail);
  });
}

async function start() {
  const gateway = await startGateway({ server: 'tls = "auto"', until: null });
  await ready(gateway);
  return gateway;
}

const ready = (gateway) =>
  waitFor(() => fetchTls(gateway, '/readyz').then(({ status }) => status === 200, () => false), 'the gateway over TLS', 15_000);

test('pages and WebSockets over TLS, verified against the certificate made at the first start', async () => {
  const gateway = await start();
  const authorization = `Bearer ${await gateway.token()}`;
  const { status, body } = await fetchTls(gateway, '/v1/stream?kinds=*', { authorization });
  assert.equal(status, 200);
  assert.equal(JSON.parse(body).records[0].event, 'started');

  const socket = new WebSocket(`wss://127.0.0.1:${gateway.port}/v1/stream?kinds=*&after=earliest`, 'weir.v1.json', {
    ca: certificate(gateway),
    headers: { authorization },
  });
  const message = await new Promise((done, fail) => socket.on('message', (data) => done(JSON.parse(data))).on('error', fail));
  socket.terminate();
  assert.equal(message.records[0].event, 'started');
  assert.equal((await fetchTls(gateway, '/v1/stream')).status, 401);
});

test('the certificate stays over a restart, and its fingerprint is in the log', async () => {
  const gateway = await start();
  const before = certificate(gateway);
  const fingerprint = gateway.log.match(/fingerprint ([0-9A-F:]+)/)[1];
  await gateway.restart({ until: null });
  await ready(gateway);
  assert.deepEqual(certificate(gateway), before);
  assert.ok(gateway.log.includes(fingerprint));
});

test('neither plain HTTP nor TLS 1.1 is answered', async () => {
  const gateway = await start();
  await assert.rejects(fetch(`http://127.0.0.1:${gateway.port}/healthz`));
  const old = connect({ port: gateway.port, host: '127.0.0.1', ca: certificate(gateway), minVersion: 'TLSv1', maxVersion: 'TLSv1.1' });
  await assert.rejects(new Promise((done, fail) => old.on('secureConnect', done).on('error', fail)));
});
