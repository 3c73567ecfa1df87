// What delivering a record costs, Weir and its anchors in turn: A B A B. Ratios are the median of those of each
// turn, so that a machine that gets slower meanwhile slows both. WEIR_BENCH_PAIRS: how many turns. What Weir costs includes taking the
// readings over HTTP and committing them; the bare loop makes its own.
import { hardLimitOfDescriptors, load, startBareLoop, startMosquitto, startNchan, startNodeServer, startWeir } from './load/servers.mjs';

const pairs = Number(process.env.WEIR_BENCH_PAIRS ?? 5);
const begin = { '--warm-up': 0.5, '--seconds': 2 };
const goals = { Node: '≤ 0.7', Nchan: '≤ 1' };
const names = { sse: 'SSE', websocket: 'WebSocket' };
const faults = { records: 0, wrong: 0 };

/** Of the runs that have the figure: an anchor that is overloaded may deliver nothing in the measured time. */
function median(values) {
  const known = values.filter(Number.isFinite).sort((a, b) => a - b);
  return known[Math.floor(known.length / 2)] ?? NaN;
}

const shown = (value) => Number(value.toPrecision(3));
const cpu = (result) => result.cpu_us_per_record;
const ms = (result) => result.p99_ms;

/** One run. `start`: a server, or what starts one for this run alone. */
async function once(start, options) {
  const server = typeof start === 'function' ? await start() : start;
  const result = await load(server, { ...begin, ...options });
  if (server !== start) await server.stop();
  faults.records += result.verified;
  faults.wrong += result.lost + result.repeated + result.out_of_order + result.wrong_ids + result.closed;
  return result;
}

/** `what` is for whoever waits; `runs`: name -> a function that makes one run. Answers medians by name. */
async function inTurns(what, runs) {
  console.log(`  ${what} …`);
  const results = Object.fromEntries(Object.keys(runs).map((name) => [name, []]));
  for (let turn = 0; turn < pairs; turn += 1) {
    for (const [name, each] of Object.entries(runs)) results[name].push(await each());
  }
  const value = (name, of) => median(results[name].map(of));
  value.ratio = (anchor, of) => median(results.weir.map((each, turn) => of(each) / of(results[anchor][turn])));
  return value;
}

const ratio = (value, name, anchor, of, goal) => ({ name, value: value.ratio(anchor, of), unit: '×', ...(goal && { goal }) });

/** Records one at a time. `others`: further anchors. */
async function live({ weir, kind, clients, rate, goal, others = {}, latency }) {
  const what = `${clients.toLocaleString('en')} × ${rate}/s, ${names[kind]}`;
  const options = { '--clients': `${kind}=${clients}`, '--publish': rate };
  const runs = { weir: () => once(weir, options), 'the bare loop': () => once(() => startBareLoop({ rate, clients }), options) };
  for (const [name, start] of Object.entries(others)) runs[name] = () => once(() => start({ rate, clients }), options);
  const value = await inTurns(what, runs);
  const figures = [
    { name: `${what}: CPU per record`, value: value('weir', cpu), unit: 'µs' },
    ratio(value, `${what}: to the bare loop (${shown(value('the bare loop', cpu))} µs)`, 'the bare loop', cpu, goal),
    { name: `${what}: p99`, value: value('weir', ms), unit: 'ms', ...(latency && { goal: '≤ 5' }) },
    ratio(value, `${what}: p99 to the bare loop's (${shown(value('the bare loop', ms))} ms)`, 'the bare loop', ms, latency && '≤ 1.3'),
  ];
  for (const name of Object.keys(others)) figures.push(ratio(value, `${what}: CPU to ${name} (${shown(value(name, cpu))} µs)`, name, cpu, goals[name]));
  return figures;
}

/** Records gathered by `flush`, published by a node that sends every 5 ms. */
async function gathered({ weir, kind, ms: flush, goal }) {
  const what = `1,000 × 1,000/s, flush ${flush} ms, ${names[kind]}`;
  const options = { '--clients': `${kind}=1000`, '--publish': 1000, '--publish-gather': 5 };
  const value = await inTurns(what, {
    weir: () => once(weir, { ...options, '--target': `/v1/stream?flush=${flush}ms` }),
    bare: () => once(() => startBareLoop({ rate: 1000, clients: 1000, coalesce: flush }), options),
  });
  return [
    { name: `${what}: CPU per record`, value: value('weir', cpu), unit: 'µs', goal },
    ratio(value, `${what}: to the bare loop (${shown(value('bare', cpu))} µs)`, 'bare', cpu),
  ];
}

/** As fast as the clients follow: what a second of one core's time delivers. */
async function saturated({ weir, kind, others }) {
  const what = `saturated, 1,000 clients, ${names[kind]}`;
  const options = { '--clients': `${kind}=1000`, '--publish': 0 };
  const runs = { weir: () => once(weir, options), bare: () => once(() => startBareLoop({ rate: 0, clients: 1000 }), options) };
  for (const [name, start] of Object.entries(others)) runs[name] = () => once(start, options);
  const value = await inTurns(what, runs);
  const figures = [
    { name: `${what}: records per second of CPU`, value: 1 / value('weir', cpu), unit: 'million', goal: '≥ 10' },
    { name: `${what}: the bare loop`, value: 1 / value('bare', cpu), unit: 'million' },
    { name: `${what}: delivered a second`, value: value('weir', (result) => result.records_per_second) / 1e6, unit: 'million' },
  ];
  for (const name of Object.keys(others)) {
    const times = { name: `${what}: to ${name} (${shown(value(name, cpu))} µs)`, value: 1 / value.ratio(name, cpu), unit: '×' };
    figures.push({ ...times, ...(name === 'Nchan' && { goal: '≥ 30' }) });
  }
  return figures;
}

/** A request for each page; Nchan has one record in each. */
async function longPoll({ weir, nchan }) {
  const what = 'long poll, 1,000 × 100/s';
  const options = { '--clients': 'long-poll=1000', '--publish': 100 };
  const value = await inTurns(what, { weir: () => once(weir, options), ...(nchan && { nchan: () => once(nchan, options) }) });
  const figures = [{ name: `${what}: CPU per record`, value: value('weir', cpu), unit: 'µs' }];
  if (nchan) figures.push(ratio(value, `${what}: to Nchan (${shown(value('nchan', cpu))} µs)`, 'nchan', cpu, '≤ 0.8'));
  return figures;
}

/** What 5,000 connections cost that have nothing to get. */
async function besideIdle({ weir }) {
  const options = { '--clients': 'sse=10', '--publish': 100 };
  const what = '10 busy clients beside 5,000 idle';
  const value = await inTurns(what, { weir: () => once(weir, { ...options, '--idle': 'sse=5000' }), alone: () => once(weir, options) });
  const name = `${what}: CPU to that without them (${shown(value('alone', cpu))} µs)`;
  return [ratio(value, name, 'alone', cpu, '≤ 1.15')];
}

/** Its socket takes no more after 64 KiB, which are there when measuring begins: from then on it is behind. */
async function besideDeaf({ weir }) {
  const options = { '--clients': 'sse=500,websocket=500', '--publish': 100, '--warm-up': 7 };
  const what = 'a deaf client';
  const value = await inTurns(what, { weir: () => once(weir, { ...options, '--deaf': 'sse=1' }), alone: () => once(weir, options) });
  return [ratio(value, `${what}: the other 1,000's p99 to that without it (${shown(value('alone', ms))} ms)`, 'alone', ms, '≤ 1.05')];
}

/** Of processes that have served nobody yet. */
async function memory(kind, goal) {
  const options = { '--clients': `${kind}=5000`, '--warm-up': 0, '--seconds': 0.2 };
  const kib = (result) => result.resident_bytes_per_connection / 1024;
  return [
    { name: `resident per idle client, ${names[kind]}`, value: kib(await once(startWeir, options)), unit: 'KiB', goal },
    { name: `the same, the bare loop`, value: kib(await once(() => startBareLoop({ rate: 0.01, clients: 5000 }), options)), unit: 'KiB' },
  ];
}

/** Nothing where it can't be had, and why. */
async function nchanIfPossible() {
  try {
    await (await startNchan()).stop();
    return startNchan;
  } catch (error) {
    console.log(`without Nchan: ${error.message}`);
    return undefined;
  }
}

export async function measure() {
  const many = (await hardLimitOfDescriptors()) >= 6000;
  if (!many) console.log('without 5,000 clients: raise the hard limit of open files (ulimit -Hn) to 6,000');
  const nchan = await nchanIfPossible();
  const brokers = { ...(nchan && { Nchan: nchan }) };
  const figures = [];
  for (const kind of many ? ['sse', 'websocket'] : []) figures.push(...(await memory(kind, kind === 'sse' ? '≤ 1.5' : '≤ 2')));
  const weir = await startWeir();
  for (const kind of Object.keys(names)) {
    if (kind === 'websocket') brokers.mosquitto = startMosquitto;
    const others = { Node: startNodeServer, ...brokers };
    figures.push(...(await live({ weir, kind, clients: 1000, rate: 20, goal: '≤ 1.15', others, latency: true })));
    figures.push(...(await live({ weir, kind, clients: 1000, rate: 200, goal: '≤ 1.1', others, latency: true })));
    if (many) figures.push(...(await live({ weir, kind, clients: 5000, rate: 20, goal: '≤ 1.2' })));
    figures.push(...(await saturated({ weir, kind, others: brokers })));
  }
  figures.push(...(await gathered({ weir, kind: 'websocket', ms: 20, goal: '≤ 0.25' })));
  figures.push(...(await gathered({ weir, kind: 'websocket', ms: 50, goal: '≤ 0.14' })));
  figures.push(...(await longPoll({ weir, nchan })));
  if (many) figures.push(...(await besideIdle({ weir })));
  figures.push(...(await besideDeaf({ weir })));
  figures.push({ name: `lost, repeated, out of order or cut, of ${faults.records.toLocaleString('en')}`, value: faults.wrong, unit: 'records', goal: '≤ 0' });
  return figures;
}
