// kill -9: `node kill.mjs [CYCLES] [SEED] [--json FILE]`. The gateway is killed at random moments, its start included, under MQTT,
// serial and HTTP load: what was acknowledged is there, what a node or a key numbered is there once, order is kept.
import { writeFileSync } from 'node:fs';
import { page } from '../integration/harness/clients.mjs';
import { mqttToml, serialToml } from '../integration/harness/configuration.mjs';
import { startGateway } from '../integration/harness/gateway.mjs';
import { startMosquitto } from '../integration/harness/mosquitto.mjs';
import { numberedReplay, startNode } from '../integration/harness/node.mjs';
import { endAll, waitFor } from '../integration/harness/process.mjs';
import { pause, randomFrom } from './chance.mjs';

const verifyEach = 25; // cycles
const nodeRate = 200; // readings a second
const brokenMax = 10;

const broken = [];
function check(holds, what) {
  if (holds) return;
  if (broken.length < brokenMax) console.log(`broken: ${what}`);
  broken.push(what);
}

/** Does one thing after the other until it is stopped; `acknowledged` waits to be in `seen`, which the verifier fills. */
class Sender {
  next = 0;
  acknowledged = new Set();
  seen = new Set();
  total = 0;
  stopped = false;

  /** `again`: a value that was not taken is sent again. */
  constructor(send, again = false) {
    this.done = this.run(send, again);
  }

  async run(send, again) {
    while (!this.stopped) {
      const value = this.next;
      const taken = await send(value);
      if (taken || !again) this.next += 1;
      if (taken) this.acknowledged.add(value);
      this.total += taken ? 1 : 0;
      if (!taken) await pause(5);
    }
  }
}

const pusher = (gateway) => new Sender((value) => push(gateway, 'http', value));

/** The same value with the same key until it is acknowledged. */
const keyedPusher = (gateway) => new Sender((value) => push(gateway, 'keyed', value, { 'idempotency-key': `value-${value}` }), true);

async function push(gateway, device, value, headers = {}) {
  try {
    const response = await gateway.fetch('/v1/readings', { role: 'ingest', json: { device, metric: 'n', value }, headers });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false; // killed: nobody knows
  }
}

const publisher = (client) =>
  new Sender(async (value) => {
    await client.publishAsync('sensors/mqtt/n', String(value), { qos: 1 });
    if (value % 5 === 0) await pause(1);
    return true;
  });

/** Follows the log and holds it against what was sent. */
class Verifier {
  cursor = 'earliest';
  seq = 0;
  newest = { http: -1, keyed: -1, mqtt: -1, node: -1 };
  records = 0;

  constructor(gateway, senders) {
    this.gateway = gateway;
    this.senders = senders;
  }

  async read() {
    for (;;) {
      const answer = await page(this.gateway, `kinds=*&limit=10000&after=${this.cursor}`);
      for (const record of answer.records) this.take(record);
      this.cursor = answer.cursor ?? this.cursor;
      if (!answer.more) return;
    }
  }

  take({ seq, kind, device, value, ...rest }) {
    check(kind !== 'gap', `a gap: ${JSON.stringify(rest)}`);
    if (kind === 'gap') return;
    check(seq > this.seq, `number ${seq} behind ${this.seq}`);
    this.seq = seq;
    this.records += 1;
    if (kind === 'reading') this.reading(device, value);
  }

  reading(device, value) {
    const newest = this.newest[device];
    // MQTT's QoS 1 delivers again what was not acknowledged in time: only what is new is in order.
    if (device === 'node' || device === 'keyed') check(value === newest + 1, `${device}: ${value} behind ${newest}`);
    if (device === 'http') check(value > newest, `http: ${value} behind ${newest}`);
    if (device === 'mqtt') check(value <= newest + 1, `mqtt: ${value} behind ${newest}`);
    this.newest[device] = Math.max(newest, value);
    this.senders[device]?.seen.add(value);
  }

  /** All that was acknowledged before now. */
  async verify() {
    const owed = Object.fromEntries(Object.entries(this.senders).map(([device, sender]) => [device, [...sender.acknowledged]]));
    const missing = (device) => owed[device].filter((value) => !this.senders[device].seen.has(value));
    await this.read();
    // The broker acknowledges before the gateway has it.
    await waitFor(async () => (await this.read(), missing('mqtt').length === 0), 'MQTT values', 30_000).catch(() => {});
    for (const device of Object.keys(owed)) {
      const lost = missing(device);
      check(lost.length === 0, `${device}: ${lost.length} acknowledged are missing, the first: ${lost[0]}`);
      this.forget(this.senders[device], owed[device]);
    }
  }

  forget(sender, verified) {
    for (const value of verified) sender.acknowledged.delete(value);
    for (const value of sender.seen) if (value < sender.next - 1 && !sender.acknowledged.has(value)) sender.seen.delete(value);
  }
}

async function cycle(gateway, senders, random) {
  const { total } = senders.http;
  if (random() < 0.8) {
    await waitFor(() => senders.http.total > total, 'a push to be taken', 30_000);
    await pause(random() * 150);
  }
  await gateway.kill();
  if (random() < 0.2) {
    await gateway.start({ until: null });
    await pause(random() * 60);
    await gateway.kill();
  }
  await gateway.start({ until: '/healthz' });
}

async function main(cycles, seed, json) {
  const began = Date.now();
  const random = randomFrom(seed);
  const broker = await startMosquitto();
  const node = await startNode({ serial: 'pty', id: 'node', rate: nodeRate, replay: numberedReplay(20_000 + cycles * 150) });
  const toml = `[log]\nsize_max = "16MB"\n${mqttToml(broker)}${serialToml(await node.path())}`;
  const gateway = await startGateway({ toml });
  await gateway.token('ingest');
  const senders = { http: pusher(gateway), keyed: keyedPusher(gateway), mqtt: publisher(await broker.client()) };
  const verifier = new Verifier(gateway, senders);
  let done = 0;
  for (; done < cycles && broken.length < brokenMax; done += 1) {
    await cycle(gateway, senders, random);
    if (done % verifyEach === verifyEach - 1) await verifier.verify();
    if (done % 500 === 499) console.log(`${done + 1} cycles, ${verifier.records} records`);
  }
  for (const sender of Object.values(senders)) sender.stopped = true;
  await Promise.all(Object.values(senders).map((sender) => sender.done));
  await verifier.verify();
  check(verifier.newest.node > 0, 'the node sent nothing');
  const figures = {
    suite: 'kill', seed, cases: done, broken: broken.length,
    acknowledged_over_http: senders.http.total + senders.keyed.total, acknowledged_over_mqtt: senders.mqtt.total,
    readings_of_the_node: verifier.newest.node + 1, records_read: verifier.records,
    seconds: Math.round((Date.now() - began) / 1000), when: new Date().toISOString().replace(/\.\d+Z/, 'Z'),
  };
  console.log(JSON.stringify(figures));
  if (json) writeFileSync(json, `${JSON.stringify(figures, null, 2)}\n`);
}

const args = process.argv.slice(2);
const at = args.indexOf('--json');
const [, json] = at < 0 ? [] : args.splice(at, 2);
main(Number(args[0] ?? 10_000), Number(args[1] ?? 1), json).then(
  async () => (await endAll(), process.exit(broken.length ? 1 : 0)),
  async (error) => (console.error(error), await endAll(), process.exit(1)),
);
