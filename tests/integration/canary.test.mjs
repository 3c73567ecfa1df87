// Canary secrets: each kind of secret is used as it is meant to be and as it is not, then looked for wherever a gateway writes.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { bin, run, startGateway, waitFor } from './harness.mjs';

const mqttPassword = 'canary-mqtt-7f3a9c21d5';
const passPhrase = 'canary-pass-phrase-19e2b7';
const canaries = new Map([['MQTT password', mqttPassword], ['pass phrase', passPhrase]]);
const seen = new Map(); // where a secret could come out -> text
let gateway;

const see = (where, text) => seen.set(where, (seen.get(where) ?? '') + text);

/** Asks, and keeps head and body of the answer. */
async function ask(path, options) {
  const response = await gateway.fetch(path, options);
  const text = await response.text();
  const shown = [...response.headers].filter(([name]) => name !== 'set-cookie');
  see(`the answer to ${path.split('?')[0]}`, JSON.stringify(shown) + text);
  return { response, text };
}

before(async () => {
  gateway = await startGateway({ start: false });
  const toml = readFileSync(gateway.config, 'utf8');
  writeFileSync(join(gateway.folder, 'password'), mqttPassword, { mode: 0o600 });
  writeFileSync(gateway.config, `${toml}\n[[mqtt]]\nname = "field"\nurl = "mqtt://127.0.0.1:1"\nusername = "weir"\npassword = { file = "${gateway.folder}/password" }\n[[mqtt.subscribe]]\nfilter = "a/+"\ndevice = "a"\nmetric = "{1}"\ndecode = "value"\n`);
  await gateway.start({ until: '/healthz' });
});

test('secrets are used, rightly and wrongly', async () => {
  const token = await gateway.token('viewer');
  canaries.set('token', token);
  canaries.set('admin token', await gateway.token('admin'));
  const code = (await gateway.weir('pair')).stdout.match(/\d{4}-\d{4}/)[0];
  canaries.set('pairing code', code);
  const post = (path, body, role = null) => gateway.fetch(path, { role, method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const signedIn = await post('/v1/session', { code });
  const cookie = /weir_session=([^;]+)/.exec(signedIn.headers.get('set-cookie'));
  assert.ok(cookie, 'a session cookie');
  canaries.set('session', cookie[1]);
  see('the answer to a sign-in', await signedIn.text());
  const session = { cookie: `weir_session=${cookie[1]}` };
  assert.equal((await ask('/v1/session', { role: null, headers: session })).response.status, 200);
  see('a refused reuse of the code', await (await post('/v1/session', { code })).text());

  const added = await run('sh', ['-c', 'printf "%s\\n" "$0" | "$@"', passPhrase, ...gateway.command('user', 'add', '--name', 'anna', '--role', 'admin')]);
  assert.equal(added.code, 0, added.stderr);
  see('weir user add', added.stdout + added.stderr);
  const byName = async () => {
    const answer = await post('/v1/session', { name: 'anna', pass_phrase: passPhrase });
    see('the answer to a sign-in by name', await answer.text());
    return answer.status === 200;
  };
  await waitFor(byName, 'the wait for the wrong code before to be over');

  for (const body of [{ name: 'berta', pass_phrase: passPhrase }, { user: 'anna', password: passPhrase }, { code: passPhrase }, passPhrase]) {
    see('a refused sign-in', await (await post('/v1/session', body)).text());
  }

  const { ticket } = await (await post('/v1/tickets', undefined, 'viewer')).json();
  canaries.set('ticket', ticket);
  await ask('/v1/devices?token=' + token, { role: null });
  await ask('/v1/devices?ticket=' + ticket, { role: null });
  await ask(`/v1/nothing/${token}`, { role: null });
  await ask('/v1/devices', { role: null, headers: { authorization: `Basic ${token}` } });
  await ask('/v1/devices', { role: null, headers: { authorization: `Bearer ${token}x` } });
  await ask(`/v1/stream?after=${token}`);
  await ask(`/v1/commands/${ticket}`);
});

test('the gateway tells none of them', async () => {
  for (const path of ['/metrics', '/v1/status', '/v1/audit?limit=1000', '/v1/session', '/v1/devices', '/v1/losses', '/v1/stream?kinds=*&after=earliest&limit=10000', '/openapi.json']) {
    await ask(path, { role: path.includes('audit') ? 'admin' : 'viewer' });
  }
  for (const words of [['token', 'list'], ['token', 'list', '--json'], ['audit', 'list', '--json'], ['audit', 'verify'], ['run', '--print-config']]) {
    const { stdout, stderr } = await gateway.weir(...words);
    see(`weir ${words.join(' ')}`, stdout + stderr);
  }
  const { stdout, stderr } = await run(join(bin, 'weir'), ['check', gateway.config]);
  see('weir check', stdout + stderr);
  for (const file of ['cmdline', 'environ']) see(`/proc/PID/${file}`, readFileSync(`/proc/${gateway.pid}/${file}`, 'latin1'));
  const folder = join(gateway.folder, 'data');
  for (const name of readdirSync(join(folder, 'audit'))) see(`audit/${name}`, readFileSync(join(folder, 'audit', name), 'utf8'));
  see('access.json', readFileSync(join(folder, 'access.json'), 'utf8'));
  process.kill(gateway.pid, 'SIGHUP');
  await waitFor(() => gateway.log.includes('configuration'), 'the reload');
  see('the log', gateway.log);
  assert.ok(seen.size > 20 && canaries.size >= 7);
  for (const [where, text] of seen) {
    for (const [what, secret] of canaries) {
      // A secret that a client itself put into a path or a parameter may come back to it alone, cut; nowhere else.
      assert.ok(!text.includes(secret), `the ${what} is in ${where}`);
    }
  }
});

test('a gateway with TLS does not tell its key', async () => {
  const secure = await startGateway({ server: 'tls = "auto"', until: null });
  const key = join(secure.folder, 'data/tls/key.pem');
  await waitFor(() => existsSync(key) && secure.log.includes('fingerprint'), 'its key, and its fingerprint in the log');
  const lines = readFileSync(key, 'utf8').split('\n').filter((line) => line && !line.startsWith('-----'));
  assert.ok(lines.length >= 3);
  const told = [secure.log, readFileSync(`/proc/${secure.pid}/cmdline`, 'latin1')];
  for (const words of [['pair'], ['doctor'], ['run', '--print-config'], ['audit', 'list', '--json']]) {
    const { stdout, stderr } = await secure.weir(...words);
    assert.ok(stdout, words.join(' '));
    told.push(stdout + stderr);
  }
  for (const line of lines) assert.ok(!told.some((text) => text.includes(line)), 'the TLS key');
});

test('the search would find them', () => {
  assert.ok(`x${passPhrase}`.includes(canaries.get('pass phrase')));
  assert.ok([...canaries.values()].every((secret) => secret.length >= 9));
});
