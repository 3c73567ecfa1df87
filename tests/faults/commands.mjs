// Commands once: `node commands.mjs [COMMANDS] [SEED] [--json FILE]`. Devices that write down all that they execute are sent commands
// while the gateway is killed and its clock is set, the broker stops and forgets, devices disconnect, answer twice, late or never, and
// clients ask again with the same key: nothing is executed twice or out of order, all ends in one final state, all is in the audit.
import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { page } from '../integration/harness/clients.mjs';
import { mqttToml, serialToml } from '../integration/harness/configuration.mjs';
import { startGateway } from '../integration/harness/gateway.mjs';
import { startMosquitto } from '../integration/harness/mosquitto.mjs';
import { startNode } from '../integration/harness/node.mjs';
import { bin, endAll, temporaryFolder, waitFor } from '../integration/harness/process.mjs';
import { pause, randomFrom } from './chance.mjs';

const deviceCount = 8;
const brokenMax = 10;
const finals = new Set(['succeeded', 'failed', 'expired', 'cancelled', 'unknown']);
const tenYears = 3650n * 86_400n * 1_000_000_000n;

const broken = [];
function check(holds, what) {
  if (holds) return;
  if (broken.length < brokenMax) console.log(`broken: ${what}`);
  broken.push(what);
}

const counts = { repliesRepeated: 0, deliveredAgain: 0, askedAgain: 0, kills: 0, brokerStops: 0, disconnects: 0, clockSteps: 0, executed: 0 };

/** Remembers ids, as a device behind QoS 1 has to; executes what is new, and writes down each execution. */
class Device {
  newest = -1;
  answers = new Map();

  constructor(name, random) {
    this.name = name;
    this.random = random;
  }

  async connect(broker) {
    this.client = await broker.client({ clientId: this.name, clean: false });
    this.client.on('message', (topic, payload) => this.take(JSON.parse(payload)));
    await this.client.subscribeAsync(`sensors/${this.name}/commands`, { qos: 1 });
    await this.client.publishAsync(`sensors/${this.name}/here`, '1', { qos: 1 });
  }

  take({ id, args: { n } }) {
    if (this.answers.has(id)) counts.deliveredAgain += 1;
    else this.answers.set(id, this.execute(id, n));
    if (this.answers.size > 2000) this.answers.delete(this.answers.keys().next().value);
    const answer = this.answers.get(id);
    if (this.random() < 0.01) return; // never
    this.reply(answer);
    if (this.random() < 0.2) (counts.repliesRepeated += 1), setTimeout(() => this.reply(answer), this.random() * 300);
  }

  execute(id, n) {
    check(n > this.newest, `${this.name}: executed ${n} behind ${this.newest}`); // again, or out of order
    this.newest = n;
    counts.executed += 1;
    return this.random() < 0.03 ? { id, ok: false, error: 'stuck' } : { id, ok: true, result: { n } };
  }

  reply(answer) {
    this.client.publish(`sensors/${this.name}/replies`, JSON.stringify(answer), { qos: 1 });
  }

  disconnect() {
    counts.disconnects += 1;
    this.client.stream.destroy();
  }
}

/** What was accepted, what became of it, and what the audit says. */
class Journal {
  accepted = new Map(); // id -> state; undefined while open
  settled = new Set();
  total = 0;
  states = {};
  audited = new Map(); // id -> the rows' results
  cursor = 'earliest';
  offsets = new Map();

  constructor(gateway) {
    this.gateway = gateway;
  }

  accept(id) {
    if (!this.accepted.has(id) && !this.settled.has(id)) this.accepted.set(id, undefined), (this.total += 1);
  }

  async read() {
    for (;;) {
      const answer = await page(this.gateway, `kinds=command&limit=10000&after=${this.cursor}`);
      for (const record of answer.records) this.take(record);
      this.cursor = answer.cursor ?? this.cursor;
      if (!answer.more) break;
    }
    this.readAudit();
    this.settle();
  }

  take({ kind, id, state }) {
    check(kind !== 'gap', 'the log has a gap');
    if (kind === 'gap') return;
    check(!this.settled.has(id), `${id}: ${state} behind its end`);
    this.accept(id); // its client was not told: the gateway was killed
    check(this.accepted.get(id) === undefined, `${id}: ${state} behind ${this.accepted.get(id)}`);
    if (!finals.has(state)) return;
    this.accepted.set(id, state);
    this.states[state] = (this.states[state] ?? 0) + 1;
  }

  readAudit() {
    const folder = join(this.gateway.folder, 'data/audit');
    for (const name of existsSync(folder) ? readdirSync(folder).sort() : []) {
      if (name.endsWith('.jsonl')) this.readSegment(name, join(folder, name));
    }
  }

  readSegment(name, path) {
    const from = this.offsets.get(name) ?? 0;
    const buffer = Buffer.alloc(8 << 20);
    const fd = openSync(path, 'r');
    const size = readSync(fd, buffer, 0, buffer.length, from);
    closeSync(fd);
    const end = buffer.subarray(0, size).lastIndexOf(10) + 1;
    this.offsets.set(name, from + end);
    for (const line of buffer.subarray(0, end).toString().split('\n')) if (line) this.row(JSON.parse(line));
  }

  row({ action, after, result }) {
    if (!action.startsWith('command.')) return;
    const { id } = JSON.parse(after);
    this.audited.set(id, [...(this.audited.get(id) ?? []), result]);
  }

  /** What has ended and is audited once is done with; whatever comes of it later is a fault. */
  settle() {
    for (const [id, state] of this.accepted) {
      const rows = this.audited.get(id);
      if (!state || !rows?.includes('accepted') || !rows.includes(state)) continue;
      check(rows.every((row) => row === 'accepted' || row === state), `${id}: ${state}, and audited as ${rows}`);
      this.audited.delete(id);
      this.accepted.delete(id);
      this.settled.add(id);
    }
  }
}

/** One device's clients: the numbers 0, 1, 2, … each until it is answered, some of them twice. */
class Asker {
  next = 0;

  constructor(gateway, device, body, journal, random, quota) {
    Object.assign(this, { gateway, device, body, journal, random, quota });
    this.done = this.run();
  }

  async run() {
    for (; this.next < this.quota && broken.length < brokenMax; this.next += 1) {
      const id = await this.ask(this.next);
      if (this.random() < 0.1) {
        counts.askedAgain += 1;
        check((await this.ask(this.next)) === id, `${this.device}: key ${this.next} made two commands`);
      }
    }
  }

  /** The id, once the gateway has said it. */
  async ask(n) {
    const headers = { 'idempotency-key': `n-${n}` };
    const json = { ...this.body(n), timeout: n % 50 === 0 ? '1s' : '15s' };
    for (;;) {
      try {
        const response = await this.gateway.fetch(`/v1/devices/${this.device}/commands`, { role: 'operator', json, headers });
        const body = await response.json();
        if (response.ok) return this.journal.accept(body.id), body.id;
        check([404, 429, 503].includes(response.status), `${this.device} ${n}: ${response.status} ${body.detail}`);
        if (response.status === 400 || response.status === 409) return undefined;
      } catch {
        // killed: nobody knows
      }
      await pause(20 + this.random() * 30);
    }
  }
}

class Clock {
  file = join(temporaryFolder(), 'step');

  constructor() {
    writeFileSync(this.file, Buffer.alloc(8));
  }

  set(step) {
    counts.clockSteps += 1;
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(step);
    const fd = openSync(this.file, 'r+');
    writeSync(fd, bytes);
    closeSync(fd);
  }
}

async function fault(gateway, broker, devices, clock, random) {
  const kind = random();
  if (kind < 0.35) {
    counts.kills += 1;
    await gateway.kill();
    if (random() < 0.3) clock.set(step(random));
    await gateway.start({ until: '/healthz' });
  } else if (kind < 0.5) {
    counts.brokerStops += 1;
    await broker.stop(); // it keeps its sessions
    await pause(random() * 300);
    await broker.start();
  } else if (kind < 0.75) {
    devices[Math.floor(random() * devices.length)].disconnect();
  } else {
    clock.set(step(random));
  }
}

const step = (random) => [tenYears, -tenYears, 0n, 3_600_000_000_000n, -3_600_000_000_000n][Math.floor(random() * 5)];

const declared = `
  publish = "sensors/{device}/commands"
  replies = "sensors/+/replies"
    [[mqtt.commands.declare]]
    device = "d-*"
    name = "set"
    args.n = { type = "integer", min = 0 }
`;

async function main(total, seed, json) {
  const began = Date.now();
  const random = randomFrom(seed);
  const broker = await startMosquitto({ persistence: true });
  const node = await startNode({ serial: 'pty', id: 'node', rate: 5, channels: 1 });
  const clock = new Clock();
  const under = ['env', `LD_PRELOAD=${join(bin, 'step-clock.so')}`, `WEIR_STEP=${clock.file}`];
  const toml = `[log]\nclock = "trusted"\n${mqttToml(broker, { commands: declared })}${serialToml(await node.path())}`;
  const gateway = await startGateway({ toml, under });
  await gateway.token('operator');
  await gateway.token('viewer');
  const devices = Array.from({ length: deviceCount }, (_, i) => new Device(`d-${i}`, random));
  for (const device of devices) await device.connect(broker);
  const journal = new Journal(gateway);
  const ofTheNode = Math.ceil(total / 20);
  const each = Math.ceil((total - ofTheNode) / deviceCount);
  const setN = (n) => ({ name: 'set', args: { n } });
  const relay = (n) => ({ name: 'relay', args: { on: n % 2 === 0 } });
  const askers = devices.map(({ name }) => new Asker(gateway, name, setN, journal, random, each));
  const ofNode = new Asker(gateway, 'node', relay, journal, random, ofTheNode);
  const all = Promise.all([...askers, ofNode].map(({ done }) => done));
  let over = false;
  all.then(() => (over = true));
  while (!over && broken.length < brokenMax) {
    await pause(200 + random() * 1500);
    await fault(gateway, broker, devices, clock, random);
    await journal.read();
  }
  await all;
  await waitFor(async () => (await journal.read(), journal.accepted.size === 0), 'every command to end and be audited', 60_000).catch(() => {});
  for (const [id, state] of [...journal.accepted].slice(0, 5)) check(false, `${id}: ${state ?? 'has not ended'}; audited: ${journal.audited.get(id)}`);
  const executedByNode = node.stderr.split('\n').filter((line) => line.includes('command relay done')).length;
  check(executedByNode <= ofNode.next, `the node executed ${executedByNode} of ${ofNode.next}`);
  const verified = await gateway.weir('audit', 'verify');
  check(verified.code === 0, `weir audit verify: ${verified.stdout}${verified.stderr}`);
  const figures = {
    suite: 'commands', seed, cases: journal.total, broken: broken.length, ...journal.states,
    executed: counts.executed + executedByNode, kills: counts.kills, broker_stops: counts.brokerStops, disconnects: counts.disconnects,
    clock_steps: counts.clockSteps, replies_repeated: counts.repliesRepeated, delivered_again: counts.deliveredAgain,
    asked_again: counts.askedAgain,
    seconds: Math.round((Date.now() - began) / 1000), when: new Date().toISOString().replace(/\.\d+Z/, 'Z'),
  };
  console.log(JSON.stringify(figures));
  if (json) writeFileSync(json, `${JSON.stringify(figures, null, 2)}\n`);
}

const args = process.argv.slice(2);
const at = args.indexOf('--json');
const [, json] = at < 0 ? [] : args.splice(at, 2);
main(Number(args[0] ?? 100_000), Number(args[1] ?? 1), json).then(
  async () => (await endAll(), process.exit(broken.length ? 1 : 0)),
  async (error) => (console.error(error), await endAll(), process.exit(1)),
);
