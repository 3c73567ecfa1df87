// The audit of a running gateway: what is told, that it can't be altered unseen, and that other processes share its chain.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { before } from 'node:test';
import WebSocket from 'ws';
import { page, startGateway, waitFor } from './harness.mjs';

let gateway;

before(async () => {
  gateway = await startGateway();
});

const folder = () => join(gateway.folder, 'data', 'audit');
const rows = async (query = '') => (await gateway.get(`/v1/audit?limit=1000${query}`, { role: 'admin' })).entries;
const row = (action) => waitFor(async () => (await rows(`&action=${action}`))[0], action);
const segment = () => join(folder(), readdirSync(folder()).filter((name) => name.endsWith('.jsonl')).sort().at(-1));

test('the start is told, with the digest of the configuration', async () => {
  const start = await row('gateway.start');
  assert.match(start.after, /^sha256:[0-9a-f]{64}$/);
  assert.equal(start.who, 'weir');
});

test('a download is told: who, from where, what', async () => {
  await gateway.fetch('/v1/readings', { role: 'ingest', json: { device: 'd', metric: 'm', value: 1 } });
  await (await gateway.fetch('/v1/history?device=d&metric=m&points=0', { headers: { accept: 'text/csv' } })).text();
  const csv = await row('history.export');
  assert.deepEqual([csv.who, csv.from, csv.target, csv.result], ['token:viewer', '127.0.0.1', 'd m', 'begun as CSV']);
  const { cursor } = await page(gateway, 'after=earliest');
  await (await gateway.fetch(`/v1/stream?after=earliest&until=${cursor}`, { headers: { accept: 'application/x-ndjson' } })).text();
  assert.match((await row('stream.export')).target, new RegExp(cursor));
});

test('a reload is told with what changed, a refused one with its faults', async () => {
  const toml = readFileSync(gateway.config, 'utf8');
  writeFileSync(gateway.config, `${toml}\n[log]\nage_max = "7d"\n`);
  process.kill(gateway.pid, 'SIGHUP');
  const reload = await row('configuration.reload');
  assert.match(reload.before, /^sha256:[0-9a-f]{64} \[log\] age_max = "30d"$/);
  assert.match(reload.after, /^sha256:[0-9a-f]{64} \[log\] age_max = "7d"$/);
  assert.match(reload.who, new RegExp(`^uid ${process.getuid()} \\(pid ${process.pid}\\)$`));
  writeFileSync(gateway.config, `${toml}\n[log]\nnonsense = 1\n`);
  process.kill(gateway.pid, 'SIGHUP');
  await waitFor(async () => (await rows('&action=configuration.reload'))[0].result === 'refused: 1 faults', 'the refusal');
  writeFileSync(gateway.config, toml);
});

test('rows come by pages, both ways, and each is bound to the one before', async () => {
  const all = await rows('&after=0');
  assert.deepEqual(all.map(({ seq }) => seq), all.map((_, i) => i + 1));
  const lines = readFileSync(segment(), 'utf8').trim().split('\n');
  for (const [i, line] of lines.entries()) {
    assert.equal(createHash('sha256').update(line.replace(/,"hash":.*/, '')).digest('hex'), JSON.parse(line).hash);
    if (i > 0) assert.equal(JSON.parse(line).prev, JSON.parse(lines[i - 1]).hash);
  }
  const newest = await gateway.get('/v1/audit?limit=2', { role: 'admin' });
  assert.deepEqual([newest.entries[0].seq, newest.more], [all.length, true]);
  const next = await gateway.get(`/v1/audit?limit=2&before=${newest.before}`, { role: 'admin' });
  assert.equal(next.entries[0].seq, all.length - 2);
  assert.deepEqual((await gateway.get(`/v1/audit?after=${all.length}`, { role: 'admin' })).entries, []);
});

test('each row goes to the journal as well', async () => {
  const [{ hash }] = await rows();
  await waitFor(() => gateway.log.includes(hash), 'the row in the log');
});

test('it is for its owner and for admins only', async () => {
  for (const name of readdirSync(folder())) assert.equal(statSync(join(folder(), name)).mode & 0o777, 0o600, name);
  assert.equal((await gateway.fetch('/v1/audit', { role: 'operator' })).status, 403);
});

test('verify finds it sound, and names the row that was changed', async () => {
  await gateway.stop();
  const sound = await gateway.weir('audit', 'verify');
  assert.equal(sound.code, 0, sound.stderr);
  assert.match(sound.stdout, /sound/);
  const file = segment();
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('"who":"token:viewer"', '"who":"token:nobody"'));
  const { seq } = JSON.parse(text.split('\n').find((line) => line.includes('"who":"token:viewer"')));
  const changed = await gateway.weir('audit', 'verify');
  assert.equal(changed.code, 1);
  assert.match(changed.stderr, new RegExp(`row ${seq} was changed`));
  const cut = text.trimEnd().split('\n').slice(0, -2);
  writeFileSync(file, `${cut.join('\n')}\n`);
  assert.match((await gateway.weir('audit', 'verify')).stderr, new RegExp(`rows ${cut.length + 1} to ${cut.length + 2} were cut off`));
  writeFileSync(file, text);
  assert.match((await gateway.weir('audit', 'tail')).stdout, /gateway\.stop/);
  await gateway.start();
  assert.equal((await gateway.weir('audit', 'verify')).code, 0);
});

test('a killed gateway leaves a chain that goes on', async () => {
  await gateway.kill();
  await gateway.start();
  await row('gateway.start');
  assert.equal((await gateway.weir('audit', 'verify')).code, 0);
});

test('a ticket opens one WebSocket, once, as its maker, and ends with it', async () => {
  const token = await gateway.addToken('page', 'viewer');
  gateway.tokens.set('page', token);
  const make = async () => (await (await gateway.fetch('/v1/tickets', { role: 'page', method: 'POST' })).json()).ticket;
  const open = (ticket) => new WebSocket(`ws://127.0.0.1:${gateway.port}/v1/stream`, ['weir.v1.json', `ticket.${ticket}`]);
  const opened = (socket) => new Promise((done) => {
    socket.addEventListener('open', () => done(true));
    socket.addEventListener('error', () => done(false));
  });
  const ticket = await make();
  const first = open(ticket);
  assert.equal(await opened(first), true);
  assert.equal(first.protocol, 'weir.v1.json');
  assert.equal(await opened(open(ticket)), false, 'a second time');
  const closed = new Promise((done) => first.addEventListener('close', ({ code }) => done(code)));
  const unused = await make();
  await gateway.weir('token', 'revoke', '--name', 'page');
  assert.equal(await closed, 1008);
  assert.equal(await opened(open(unused)), false, 'after its maker');
});
