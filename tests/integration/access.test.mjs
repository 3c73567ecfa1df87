// Tokens and roles: no credential, no data; each role what it may; a revoked token ends what it opened.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test, { before } from 'node:test';
import { Ndjson, Sse, Ws, run, startGateway, waitFor } from './harness.mjs';

let gateway;

before(async () => {
  gateway = await startGateway();
});

/** Credentials by what they are called here, and the role that each stands for. */
async function credentials() {
  const add = async (...words) => (await gateway.weir('token', 'add', ...words)).stdout.trim();
  const expired = await add('--name', 'expired', '--role', 'admin', '--expires', '1s');
  const tokens = {
    none: null,
    nonsense: 'weir_nonsense',
    expired,
    limited: await add('--name', 'limited', '--role', 'operator', '--devices', 'boiler*', '--kinds', '*'),
  };
  for (const role of ['viewer', 'operator', 'admin', 'ingest']) tokens[role] = await gateway.token(role);
  await waitFor(async () => (await ask('/v1/devices', expired)).status === 401, 'the token to expire');
  return tokens;
}

const ask = (path, token, init = {}) => fetch(gateway.url + path, { ...init, headers: { ...(token && { authorization: `Bearer ${token}` }), ...init.headers } });

/** What the description says of who asks: a status, or that it is neither 401 nor 403. */
function expected(who, { 'x-weir-roles': roles, 'x-weir-whole': whole }) {
  if (!roles) return 'let in';
  if (['none', 'nonsense', 'expired'].includes(who)) return 401;
  if (!roles.includes(who === 'limited' ? 'operator' : who)) return 403;
  return who === 'limited' && whole ? 403 : 'let in';
}

test('every route does to every credential what the description says', async () => {
  const { paths } = await (await fetch(`${gateway.url}/openapi.json`)).json();
  const tokens = await credentials();
  const seen = { 401: 0, 403: 0, 'let in': 0 };
  for (const [path, { parameters = [], ...operations }] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      if (operation.operationId === 'signIn') continue; // its 401 is about what it is sent
      const all = [...parameters, ...(operation.parameters ?? [])].filter((each) => each.required);
      const query = all.filter((each) => each.in === 'query').map(({ name, example }) => `${name}=${encodeURIComponent(example)}`).join('&');
      const url = path.replace(/\{\w+\}/, () => 'boiler-1') + (query && `?${query}`);
      const [type, { examples, example } = {}] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
      const body = type && (example ?? JSON.stringify(Object.values(examples)[0].value));
      for (const [who, token] of Object.entries(tokens)) {
        const { status } = await ask(url, token, { method: method.toUpperCase(), body, headers: type ? { 'content-type': type } : {} });
        const want = expected(who, operation);
        const is = status === 401 || status === 403 ? status : 'let in';
        assert.equal(is, want, `${method} ${url} as ${who}: ${status}`);
        ++seen[want];
      }
    }
  }
  assert.ok(seen[401] > 60 && seen[403] > 40 && seen['let in'] > 60, JSON.stringify(seen));
});

test('every operation of the WebSocket does to every role what the description says', async () => {
  const { operations } = await gateway.get('/asyncapi.json');
  for (const role of ['viewer', 'operator', 'admin']) {
    const ws = await Ws.open(gateway, '', { role });
    const answer = async (message) => {
      ws.socket.send(JSON.stringify(message));
      return waitFor(() => ws.messages.find(({ id }) => id === message.id), message.op);
    };
    const refused = (message) => message.op === 'error' && [401, 403].includes(message.problem.status);
    assert.equal(refused(await answer({ op: 'command', id: 'c', device: 'boiler-1', name: 'x' })), !operations.sendCommand['x-weir-roles'].includes(role), role);
    assert.equal(refused(await answer({ op: 'ping', id: 'p' })), !operations.ping['x-weir-roles'].includes(role));
    assert.equal(refused(await answer({ op: 'unsubscribe', id: 'u' })), !operations.unsubscribe['x-weir-roles'].includes(role));
  }
});

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
  assert.ok((await fetch(`${gateway.url}/v1/session`, { method: 'DELETE', headers: { ...headers, origin: gateway.url, 'x-csrf-token': (await response.json()).csrf_token } })).ok);
  assert.equal((await fetch(`${gateway.url}/v1/devices`, { headers })).status, 401);
});

test('at the first start there is no way in but the code of the journal; it makes the first user', async () => {
  const fresh = await startGateway({ until: '/healthz' });
  const shut = await fetch(`${fresh.url}/v1/devices`);
  assert.equal(shut.status, 401);
  assert.match((await shut.json()).detail, /weir pair/);
  assert.equal((await fetch(`${fresh.url}/`)).status, 200);
  const [, url, code] = await waitFor(() => fresh.log.match(/open (http:\S+) and sign in with the code (\d{4}-\d{4})/), 'the code in the journal');
  assert.equal(url, `${fresh.url}/`);
  const post = (path, json, headers = {}) => fetch(fresh.url + path, { method: 'POST', body: JSON.stringify(json), headers: { 'content-type': 'application/json', ...headers } });
  const response = await post('/v1/session', { code });
  const { setup, csrf_token } = await response.json();
  assert.equal(setup, true);
  const page = { cookie: response.headers.get('set-cookie').split(';')[0], origin: fresh.url };
  const user = { name: '관리자', role: 'admin', pass_phrase: 'correct horse battery' };
  assert.equal((await post('/v1/users', user, page)).status, 403, 'without its CSRF token');
  assert.equal((await post('/v1/users', user, { ...page, 'x-csrf-token': csrf_token })).status, 201);
  const signedIn = await post('/v1/session', { name: user.name, pass_phrase: user.pass_phrase });
  assert.equal((await signedIn.json()).name, 'user:관리자');
  const log = await fresh.weir('user', 'list');
  assert.match(log.stdout, /admin .*관리자/);
  const audit = readdirSync(`${fresh.folder}/data/audit`).map((name) => readFileSync(`${fresh.folder}/data/audit/${name}`, 'utf8')).join('');
  assert.match(audit, /session\.open/);
  assert.match(audit, /user\.add/);
  assert.ok(!audit.includes(user.pass_phrase) && !audit.includes(code) && !fresh.log.includes(user.pass_phrase));
});

test('`weir user` takes the pass phrase from its input, and never from its arguments', async () => {
  const weir = (input, ...words) => run('sh', ['-c', 'printf "%s\\n" "$0" | "$@"', input, ...gateway.command(...words)]);
  assert.notEqual((await weir('too short', 'user', 'add', '--name', 'ann', '--role', 'admin')).code, 0);
  assert.equal((await weir('correct horse battery', 'user', 'add', '--name', 'ann', '--role', 'admin')).code, 0);
  assert.equal((await weir('another horse battery', 'user', 'passphrase', '--name', 'ann')).code, 0);
  const signIn = (pass_phrase) => fetch(`${gateway.url}/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'ann', pass_phrase }) });
  await waitFor(async () => (await signIn('correct horse battery')).status === 401, 'the old one to be refused'); // after the wait for a wrong code before
  assert.equal((await signIn('another horse battery')).status, 429);
  await waitFor(async () => (await signIn('another horse battery')).status === 200, 'the wait to be over');
});
