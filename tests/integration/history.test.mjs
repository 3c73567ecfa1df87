// History, losses and status: what went in comes out, as a document, as pages, as files, and at the shell.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { request } from 'node:http';
import test, { before } from 'node:test';
import { bin, mqttToml, patience, run, startGateway, startMosquitto, waitFor } from './harness.mjs';

const begin = Date.now() - 6 * 3_600_000; // six hours back
const at = (second) => new Date(begin + second * 1000).toISOString();
const sent = Array.from({ length: 7200 }, (_, i) => ({ // two hours at 1 Hz
  device: 'boiler', metric: 'temperature', unit: 'Cel', time: at(i), value: Math.round((80 + 5 * Math.sin(i / 300) + (i % 7) / 10) * 100) / 100,
}));
let gateway, broker;

before(async () => {
  broker = await startMosquitto();
  gateway = await startGateway({ toml: `[log]\nclock = "trusted"\n${mqttToml(broker)}` });
  await push(sent);
  await push([0, 1, 2, 3].map((i) => ({ device: 'boiler', metric: 'mode', time: at(60 * i), value: ['idle', 'heating'][i % 2] })));
  await push([0, 1, 2, 3].map((i) => ({ device: 'boiler', metric: 'burner', time: at(10 * i), value: i < 3 })));
});

async function push(readings, from = gateway) {
  for (let i = 0; i < readings.length; i += 5000) {
    const response = await from.fetch('/v1/readings', { role: 'ingest', json: readings.slice(i, i + 5000) });
    assert.equal(response.status, 200, await response.text());
  }
}

const address = (query, metric = 'temperature', device = 'boiler') => `/v1/history?device=${device}&metric=${metric}&${query}`;
const history = (query, metric) => gateway.get(address(query, metric));
const whole = `from=${at(0)}&to=${at(7200)}`;
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);

test('every bucket says what its readings say', async () => {
  const { buckets, unit, width, gaps } = await history(`${whole}&points=500`);
  assert.equal(unit, 'Cel');
  assert.ok(buckets.length > 200 && buckets.length <= 500, `${buckets.length} buckets of ${width}`);
  assert.deepEqual(gaps, []);
  assert.equal(sum(buckets.map(({ count }) => count)), sent.length);
  const ends = [...buckets.slice(1).map(({ time }) => Date.parse(time)), Infinity];
  buckets.forEach(({ time, count, min, mean, max, last }, i) => {
    const held = sent.filter((reading) => Date.parse(reading.time) >= Date.parse(time) && Date.parse(reading.time) < ends[i]).map(({ value }) => value);
    assert.equal(count, held.length);
    assert.equal(min, Math.min(...held));
    assert.equal(max, Math.max(...held));
    assert.equal(last, held.at(-1));
    near(mean, sum(held) / held.length);
  });
});

test('few points are wide buckets, and no more than asked for', async () => {
  for (const points of [1, 2, 7, 24, 100]) {
    const { buckets } = await history(`${whole}&points=${points}`);
    assert.ok(buckets.length >= 1 && buckets.length <= points, `${buckets.length} for ${points}`);
    assert.equal(Math.max(...buckets.map(({ max }) => max)), Math.max(...sent.map(({ value }) => value)));
  }
});

test('text has count and last, booleans count as 0 and 1', async () => {
  const text = (await history(`${whole}&points=1`, 'mode')).buckets;
  assert.equal(sum(text.map(({ count }) => count)), 4);
  assert.equal(text.at(-1).last, 'heating');
  assert.ok(!('mean' in text[0]));
  const { buckets } = await history(`${whole}&points=1`, 'burner');
  near(sum(buckets.map(({ mean, count }) => mean * count)), 3);
  assert.equal(buckets.at(-1).last, false);
});

test('durations back from now mean what they say; the last day is the standard', async () => {
  assert.equal(sum((await history('points=100')).buckets.map(({ count }) => count)), sent.length);
  assert.equal(sum((await history('points=100&from=-1h')).buckets.map(({ count }) => count)), 0);
  assert.equal(sum((await history('points=100&from=-7h&to=-1h')).buckets.map(({ count }) => count)), sent.length);
});

test('pages of readings join without loss or doubles', async () => {
  const values = [];
  for (let after = ''; ; ) {
    const { readings, next } = await history(`${whole}&points=0&limit=997${after}`);
    values.push(...readings.map(({ value }) => value));
    if (!next) break;
    after = `&after=${next}`;
  }
  assert.deepEqual(values, sent.map(({ value }) => value));
});

test('a file has every reading, in CSV and in NDJSON', async () => {
  const csv = await gateway.fetch(address(whole), { headers: { accept: 'text/csv' } });
  assert.match(csv.headers.get('content-disposition'), /boiler-temperature\.csv/);
  const [header, ...rows] = (await csv.text()).split('\r\n');
  assert.equal(header, 'time,value,unit,quality,clock,gap_until,gap_reason,gap_lost');
  assert.equal(rows.pop(), '', 'the last row ends too');
  assert.deepEqual(rows, sent.map(({ time, value }) => `${time.replace(/\.?0*Z$/, 'Z')},${value},Cel,good,,,,`));
  const lines = (await (await gateway.fetch(address(whole), { headers: { accept: 'application/x-ndjson' } })).text()).trim().split('\n');
  assert.deepEqual(lines.map((line) => JSON.parse(line).value), sent.map(({ value }) => value));
  const few = (await (await gateway.fetch(address(`${whole}&points=10&format=csv`))).text()).trim().split('\r\n');
  assert.ok(few.length > 1 && few.length <= 11, `${few.length} rows`);
});

test('an unknown series is 404, a malformed parameter 400, and neither is a file', async () => {
  for (const accept of ['application/json', 'text/csv', 'application/x-ndjson']) {
    assert.equal((await gateway.fetch(address('', 'nothing'), { headers: { accept } })).status, 404);
    assert.equal((await gateway.fetch(address('from=yesterday'), { headers: { accept } })).status, 400);
  }
});

test('what could not be taken is in the ledger, and a gap in the history of its series', async () => {
  const client = await broker.client();
  await client.publishAsync('sensors/boiler/temperature', Buffer.from([0xff, 0xfe]), { qos: 1 });
  const lost = await waitFor(async () => {
    const { losses, total } = await gateway.get('/v1/losses?reason=undecodable');
    return total === 1 && losses[0];
  }, 'the loss');
  assert.ok(Date.parse(lost.first) > begin && Date.parse(lost.first) <= Date.parse(lost.last), JSON.stringify(lost));
  assert.deepEqual(await gateway.get('/v1/losses?reason=nothing'), { losses: [], total: 0 });
  assert.equal((await gateway.get('/v1/losses?since=-1h')).total, 1);
  assert.equal((await gateway.get('/v1/losses?since=-0s')).total, 0);
  if (lost.device) assert.ok((await history('from=-1h')).gaps.some(({ reason }) => reason === 'undecodable'));
});

test('the shell says the same', async () => {
  const weir = async (...args) => {
    const env = { WEIR_URL: gateway.url, WEIR_TOKEN: await gateway.token() };
    const { code, stdout, stderr } = await run(join(bin, 'weir'), args, { env });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.match(await weir('status', '--endurance', '10TB'), /ready, up .*\nreaders +1 of 1 connected\n(.*\n)+log .*\n(.*\n)+losses +1 in the last day/);
  const status = JSON.parse(await weir('status', '--json'));
  assert.ok(status.log.bytes > 0 && status.flash.written_bytes > 0, JSON.stringify(status));
  assert.equal(status.log.durability, 'bounded');
  assert.equal(status.log.sync_interval, '800ms');
  assert.match(await weir('losses', '--since', '-1d'), /^\S+ +1 undecodable/);
  const table = (await weir('history', 'boiler', 'temperature', '--from', at(0), '--to', at(7200), '--points', '10')).trim().split('\n');
  assert.match(table[0], /^time +count +min +mean +max +last$/);
  assert.ok(table.length > 1 && table.length <= 11, `${table.length} rows`);
  const csv = await weir('history', 'boiler', 'temperature', '--from', at(0), '--csv');
  assert.equal(csv.split('\r\n').filter((row) => row.endsWith(',good,,,,')).length, sent.length);
  const readings = await weir('history', 'boiler', 'mode', '--from', at(0), '--points', '0');
  assert.match(readings.split('\n')[1], /boiler mode heating$/);
  const unknown = await run(join(bin, 'weir'), ['history', 'boiler', 'nothing'], { env: { WEIR_URL: gateway.url, WEIR_TOKEN: await gateway.token() } });
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /404/);
});

test('a restart and a kill change no answer', async () => {
  // In what order readings are added up is not the same in journal, chunks and rollups: a mean may differ in its last digits.
  const strip = ({ buckets, gaps, width }) => ({ buckets: buckets.map((b) => ({ ...b, mean: b.mean?.toPrecision(13) })), gaps, width });
  const before = strip(await history(`${whole}&points=60`));
  await gateway.restart();
  assert.deepEqual(strip(await history(`${whole}&points=60`)), before);
  await gateway.kill();
  await gateway.start();
  assert.deepEqual(strip(await history(`${whole}&points=60`)), before);
  assert.equal((await gateway.get('/v1/losses?reason=undecodable')).total, 1);
});

test('a file of any size costs the gateway no memory, however slowly it is read', async () => {
  const sanitized = patience > 1; // slower, and what is freed stays resident
  const count = sanitized ? 10_000 : 100_000;
  await push(Array.from({ length: count }, (_, i) => ({ device: 'fast', metric: 'n', time: at(i / 100), value: i })));
  const resident = () => Number(readFileSync(`/proc/${gateway.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;
  await drain('fast'); // what one export needs, the allocator keeps
  const before = resident();
  const slow = await Promise.all(Array.from({ length: 20 }, () => open('fast')));
  const lines = await drain('fast');
  assert.equal(lines, count);
  const grown = resident() - before;
  for (const response of slow) response.destroy();
  assert.ok(sanitized || grown < 20 * 2, `${grown} MiB for 20 exports that nobody reads`);
});

/** An export of which nothing is read. */
async function open(device) {
  const headers = { authorization: `Bearer ${await gateway.token()}`, accept: 'application/x-ndjson' };
  const asking = request(gateway.url + address('from=-7h', 'n', device), { headers }).end();
  const [response] = await once(asking, 'response');
  response.on('error', () => {});
  return response;
}

async function drain(device) {
  const response = await gateway.fetch(address('from=-7h', 'n', device), { headers: { accept: 'application/x-ndjson' } });
  let lines = 0;
  for await (const bytes of response.body) for (const byte of bytes) lines += byte === 10;
  return lines;
}

test('curl --compressed and fetch get what a client without compression gets, in fewer bytes', async () => {
  const authorization = `Authorization: Bearer ${await gateway.token()}`;
  const whole = `/v1/history?device=boiler&metric=temperature&from=${encodeURIComponent(at(0))}&to=${encodeURIComponent(at(7200))}&points=0`;
  for (const path of [`${whole}&format=csv`, `${whole}&format=ndjson`, `${whole}&limit=7000`, '/v1/stream?limit=10000']) {
    const curl = async (...more) => {
      const { stdout, stderr } = await run('curl', ['-fsS', '-H', authorization, '-w', '%{stderr}%{size_download}', ...more, gateway.url + path]);
      return { bytes: Number(stderr), body: stdout };
    };
    const [plain, compressed] = [await curl(), await curl('--compressed')];
    assert.equal(compressed.body, plain.body, path);
    assert.ok(compressed.bytes < plain.bytes / 4, `${path}: ${compressed.bytes} of ${plain.bytes}`);
    const response = await gateway.fetch(path);
    assert.equal(response.headers.get('content-encoding'), 'gzip');
    assert.equal(await response.text(), plain.body, path);
  }
});

test('what retention dropped is a gap, a loss and no alarm', async () => {
  const small = await startGateway({ toml: '[log]\nclock = "trusted"\nsize_max = "2MB"\n' });
  // Noise does not compress: far more than fits.
  const noise = (from, length) => Array.from({ length }, (_, i) => ({ device: 'noisy', metric: 'n', time: at((from + i) / 100), value: Math.random() }));
  for (let i = 0; i < 1_000_000; i += 5000) {
    await push(noise(i, 5000), small);
    if (i % 25_000 === 0 && (await small.get('/v1/losses')).total > 0) break;
  }
  const { losses } = await waitFor(async () => {
    const told = await small.get('/v1/losses');
    return told.total > 0 && told;
  }, 'retention to drop or thin something', 60_000);
  assert.ok(losses.every(({ where, reason }) => where === 'log' && ['expired', 'thinned'].includes(reason)), JSON.stringify(losses));
  const { gaps } = await small.get(address('from=-7h&points=10000', 'n', 'noisy'));
  assert.ok(gaps.length > 0 && gaps.every(({ from, to }) => from < to), JSON.stringify(gaps));
  const status = await small.get('/v1/status');
  assert.ok(status.log.bytes <= status.log.size_max, JSON.stringify(status.log));
  assert.equal(status.losses.last_day, 0);
  assert.ok(status.losses.last_day_retention > 0);
  const rows = (await (await small.fetch(address('from=-7h', 'n', 'noisy'), { headers: { accept: 'text/csv' } })).text()).trim().split('\r\n');
  assert.match(rows[1], /^[^,]+,,,gap,,[^,]+,(expired|thinned),/);
});
