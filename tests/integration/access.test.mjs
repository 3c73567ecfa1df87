// Tokens and roles: no credential, no data; each role what it may; a revoked token ends what it opened.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test, { before } from 'node:test';
import { Ndjson, Sse, Ws, startGateway, waitFor } from './harness.mjs';

let gateway;

before(async () => {
  gateway = await startGateway();
});

const json = { device: 'd', metric: 'm', value: 1 };
const routes = [
  // method, path, who may, body
  ['GET', '/v1/stream', 'viewer operator admin'],
  ['GET', '/v1/devices', 'viewer operator admin'],
  ['GET', '/v1/commands', 'viewer operator admin'],
  ['GET', '/v1/consumers', 'viewer operator admin'],
  ['GET', '/metrics', 'viewer operator admin'],
  ['POST', '/v1/readings', 'ingest', json],
  ['POST', '/v1/devices/d/commands', 'operator admin', { name: 'x' }],
];

for (const [method, path, allowed, body] of routes) {
  test(`${method} ${path} is for ${allowed} only`, async () => {
    const ask = (role, headers) => gateway.fetch(path, { role, method, headers, ...(body && { json: body }) });
    const anonymous = await ask(null);
    assert.equal(anonymous.status, 401);
    assert.match(anonymous.headers.get('content-type'), /application\/problem\+json/);
    assert.ok(!(await anonymous.text()).includes('cursor'));
    assert.equal((await ask(null, { authorization: 'Bearer nonsense' })).status, 401);
    for (const role of ['viewer', 'operator', 'admin', 'ingest']) {
      const { status } = await ask(role);
      if (allowed.split(' ').includes(role)) assert.ok(status !== 401 && status !== 403, `${role}: ${status}`);
      else assert.equal(status, 403, role);
    }
  });
}

test('health and the dashboard need no credential and tell nothing', async () => {
  for (const path of ['/healthz', '/readyz', '/']) {
    const response = await gateway.fetch(path, { role: null });
    assert.equal(response.status, 200, path);
  }
});

test('malformed credentials are 401, never an error of ours', async () => {
  for (const authorization of ['Bearer', 'Bearer ', 'Basic YTpi', 'bearer x y', `Bearer ${'a'.repeat(5000)}`, 'Bearer \u00e9']) {
    const response = await gateway.fetch('/v1/devices', { role: null, headers: { authorization } });
    assert.equal(response.status, 401, authorization.slice(0, 20));
  }
});

test('tokens are shown once, listed without their secret, and stored hashed', async () => {
  const token = await gateway.addToken('listed', 'viewer');
  assert.match(token, /^\S{20,}$/);
  const { stdout } = await gateway.weir('token', 'list');
  assert.match(stdout, /listed/);
  assert.ok(!stdout.includes(token));
  for (const name of readdirSync(`${gateway.folder}/data`)) {
    if (name.endsWith('.json')) assert.ok(!readFileSync(`${gateway.folder}/data/${name}`, 'utf8').includes(token), name);
  }
  assert.notEqual((await gateway.weir('token', 'add', '--name', 'x', '--role', 'king')).code, 0);
  assert.notEqual((await gateway.weir('token', 'add', '--name', 'listed', '--role', 'viewer')).code, 0, 'a name is given once');
});

test('a revoked token ends its live streams, and opens nothing more', async () => {
  const token = await gateway.addToken('leaver', 'viewer');
  gateway.tokens.set('leaver', token);
  const [sse, ndjson, ws] = await Promise.all([Sse, Ndjson, Ws].map((Client) => Client.open(gateway, '', { role: 'leaver' })));
  await sse.opened();
  const { code } = await gateway.weir('token', 'revoke', '--name', 'leaver');
  assert.equal(code, 0);
  // The change is seen at the next question at the latest.
  await gateway.fetch('/v1/devices', { role: 'leaver' });
  assert.equal((await ws.closed).code, 1008);
  await ndjson.done;
  await waitFor(() => sse.statuses.includes(401), 'the event source to be refused', 20_000);
  assert.equal((await gateway.fetch('/v1/devices', { role: 'leaver' })).status, 401);
});

test('a one-time code signs in once; the session reads and can be ended', async () => {
  const { stdout, code } = await gateway.weir('pair');
  assert.equal(code, 0);
  const pairing = stdout.match(/\d{4}-\d{4}/)[0];
  const signIn = () => fetch(`${gateway.url}/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code: pairing }) });
  const response = await signIn();
  assert.ok(response.ok, `${response.status}`);
  const cookie = response.headers.get('set-cookie');
  assert.match(cookie, /HttpOnly/i);
  assert.match(cookie, /SameSite=Strict/i);
  assert.ok(!(await signIn()).ok, 'a code works once');
  const headers = { cookie: cookie.split(';')[0] };
  assert.equal((await fetch(`${gateway.url}/v1/devices`, { headers })).status, 200);
  assert.ok((await fetch(`${gateway.url}/v1/session`, { method: 'DELETE', headers: { ...headers, origin: gateway.url } })).ok);
  assert.equal((await fetch(`${gateway.url}/v1/devices`, { headers })).status, 401);
});
