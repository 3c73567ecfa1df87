// How many instructions the gateway spends on a record, by callgrind: the one figure of speed that a busy machine leaves as it is, so
// the one by which CI judges: one that has grown by over 5 % is a failure. instructions.json has what they were, by compiler; `--write`
// renews it. Kernel code is not counted.
//
// Each figure is a difference: of two runs of which one has four times the work of the other, so that connecting, signing in and
// leaving are no part of it. Readings go in step: each when all clients have the one before, so that every commit wakes everybody.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { startGateway } from '../integration/harness/gateway.mjs';
import { bin, root, run } from '../integration/harness/process.mjs';
import { continueUnderCallgrind, folder } from './load/under_callgrind.mjs';

const kept = join(root, 'tests/bench/instructions.json');
const growth = 1.05;

// Kind -> its name, clients, and readings that each gets in the smaller run.
const kinds = { sse: ['SSE', 100, 75], websocket: ['WebSocket', 100, 75], ndjson: ['NDJSON', 100, 75], 'long-poll': ['long poll', 20, 25] };

/** bench-load on the gateway; `step`: readings in one request. */
async function load(gateway, clients, readings, step) {
  const options = {
    '--port': gateway.port,
    '--token': await gateway.token(),
    '--publish-token': await gateway.token('ingest'),
    ...clients,
    '--in-step': readings,
    '--batch': step,
    '--patience': 60,
  };
  const { code, stdout, stderr } = await run(join(bin, 'bench-load'), Object.entries(options).flat().map(String), { timeoutMs: 120_000 });
  if (code !== 0) throw new Error(`bench-load: ${stdout}${stderr}`);
}

/** So many records, from the oldest on, as one SSE stream. */
async function replay(gateway, records) {
  const [epoch, first] = (await gateway.get('/v1/stream?after=earliest&limit=1')).cursor.split('-');
  const last = Number(first) + records - 1;
  const response = await gateway.fetch(`/v1/stream?after=earliest&until=${epoch}-${last}`, { headers: { accept: 'text/event-stream' } });
  const events = (await response.text()).split('\n').filter((line) => line === 'event: reading').length;
  if (events !== records) throw new Error(`a replay of ${records} records gave ${events}`);
}

/** Instructions for one of `work(n)`: what 4 n cost beyond n. A round before shows the gateway what is coming. */
async function perUnit(count, what, n, work) {
  await count('first', () => work(Math.ceil(n / 4)));
  const once = await count('once', () => work(n));
  return ((await count(what, () => work(4 * n))) - once) / (3 * n);
}

/** Name -> instructions, and the profile of where they went. */
async function measureAll() {
  const gateway = await startGateway();
  const nobody = { '--idle': 'sse=1' };
  await load(gateway, nobody, 20_000, 500);
  const count = await continueUnderCallgrind(gateway);
  const figures = {};
  const add = (name, profile, value) => (figures[name] = { value, profile });
  add('a record of an SSE replay from disk', 'replay', await perUnit(count, 'replay', 2000, (n) => replay(gateway, n)));
  const request = await perUnit(count, 'request', 75, (n) => load(gateway, nobody, n, 1));
  add('a request with one reading', 'request', request);
  add('a reading in a request of 500', 'batch', await perUnit(count, 'batch', 2500, (n) => load(gateway, nobody, n, 500)));
  for (const [kind, [name, clients, steps]] of Object.entries(kinds)) {
    const step = await perUnit(count, kind, steps, (n) => load(gateway, { '--clients': `${kind}=${clients}` }, n, 1));
    add(`a record delivered, ${name}`, kind, (step - request) / clients);
  }
  return figures;
}

/** What made the program, by what it left in it: `GCC: (Debian 12.2.0-14) 12.2.0`. */
async function compiler() {
  const { stdout } = await run('readelf', ['-p', '.comment', join(bin, 'weir')]);
  const made = stdout.match(/clang version \d+/)?.[0] ?? stdout.match(/GCC: \(\w+/)?.[0].replace('GCC: (', 'GCC of ') ?? 'unknown';
  return `${made}${stdout.match(/GCC: \(.*\)( \d+)/)?.[1] ?? ''}, ${process.arch}`;
}

const known = () => JSON.parse(readFileSync(kept, 'utf8'));

function write(built, figures) {
  const counts = Object.fromEntries(Object.entries(figures).map(([name, { value }]) => [name, Math.round(value)]));
  writeFileSync(kept, `${JSON.stringify({ ...known(), [built]: counts }, null, 2)}\n`);
}

/** A count that is far too high would let the next change in. */
function sayWhatHasFallen(figures, counts) {
  const fallen = Object.entries(figures).filter(([name, { value }]) => value * growth < counts[name]);
  for (const [name, { value }] of fallen) console.log(`  ${name}: ${Math.round(value)} instead of ${counts[name]}; keep it with ./dev bench instructions --write`);
}

export async function measure(words = []) {
  const figures = await measureAll();
  const built = await compiler();
  if (words.includes('--write')) write(built, figures);
  const counts = known()[built];
  if (counts) sayWhatHasFallen(figures, counts);
  else console.log(`  nothing to compare with: tests/bench/instructions.json has counts of ${Object.keys(known()).join(', ')}, not of ${built}`);
  return Object.entries(figures).map(([name, { value, profile }]) => {
    const was = counts?.[name];
    if (was === undefined) return { name, value, unit: 'instructions' };
    const missed = `was ${was}; where they go: callgrind_annotate --auto=no --threshold=100 ${join(relative(root, folder), profile)} | head -60; if it has to be: ./dev bench instructions --write`;
    return { name, value, unit: 'instructions', goal: `≤ ${Math.round(was * growth)}`, missed };
  });
}
