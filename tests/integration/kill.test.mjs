// kill -9 under load: what was acknowledged is there, what a node numbered is there once, no number is used twice.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Sse, mqttToml, numberedReplay, page, serialToml, startGateway, startMosquitto, startNode, waitFor } from './harness.mjs';

const kills = Number(process.env.WEIR_KILLS ?? 12);

/** Pushes one value after the other; `acknowledged` are those that got a 2xx. */
function startPusher(gateway) {
  const pusher = { acknowledged: [], stopped: false };
  pusher.done = (async () => {
    for (let value = 0; !pusher.stopped; value += 1) {
      try {
        const response = await gateway.fetch('/v1/readings', { role: 'ingest', json: { device: 'http', metric: 'n', value } });
        if (response.ok) pusher.acknowledged.push(value);
        await response.arrayBuffer();
      } catch {
        await new Promise((done) => setTimeout(done, 5)); // killed: the next one will tell
      }
    }
  })();
  return pusher;
}

/** Publishes one value after the other at QoS 1; `acknowledged` are those that the broker took. */
function startPublisher(client) {
  const publisher = { acknowledged: 0, stopped: false };
  publisher.done = (async () => {
    while (!publisher.stopped) {
      await client.publishAsync('sensors/mqtt/n', String(publisher.acknowledged), { qos: 1 });
      publisher.acknowledged += 1;
      if (publisher.acknowledged % 5 === 0) await new Promise((done) => setTimeout(done, 1));
    }
  })();
  return publisher;
}

async function everything(gateway) {
  const records = [];
  for (let query = 'kinds=*&limit=10000&after=earliest'; ; ) {
    const answer = await page(gateway, query);
    records.push(...answer.records);
    if (!answer.more) return records;
    query = `kinds=*&limit=10000&after=${answer.cursor}`;
  }
}

test(`${kills} times kill -9 under MQTT, serial and HTTP load: nothing acknowledged is lost, no sequence number repeats`, async () => {
  const broker = await startMosquitto();
  const node = await startNode({ serial: 'pty', id: 'node', rate: 200, replay: numberedReplay(50_000) });
  const gateway = await startGateway({ toml: mqttToml(broker) + serialToml(await node.path()) });
  await gateway.token('ingest');
  const sse = await Sse.open(gateway, 'kinds=*&after=earliest');
  await sse.until(1);
  const publisher = startPublisher(await broker.client());
  const pusher = startPusher(gateway);

  for (let round = 0; round < kills; round += 1) {
    const [count, mqttSeen] = [pusher.acknowledged.length, publisher.acknowledged];
    const some = 10 + Math.floor(Math.random() * 200);
    await waitFor(() => pusher.acknowledged.length > count + some && publisher.acknowledged > mqttSeen, 'more load', 30_000);
    await gateway.kill();
    await gateway.start();
  }
  pusher.stopped = publisher.stopped = true;
  await node.end('SIGKILL');
  await Promise.all([pusher.done, publisher.done]);
  const last = publisher.acknowledged - 1;
  const log = await waitFor(async () => {
    const all = await everything(gateway);
    return all.some(({ device, value }) => device === 'mqtt' && value === last) && all;
  }, 'the last MQTT value', 30_000);

  const of = (name) => log.filter(({ kind, device }) => kind === 'reading' && device === name);
  const http = new Set(of('http').map(({ value }) => value));
  assert.deepEqual(pusher.acknowledged.filter((value) => !http.has(value)), [], 'HTTP values with a 2xx');
  const mqtt = new Set(of('mqtt').map(({ value }) => value));
  const missing = Array.from({ length: last + 1 }, (_, value) => value).filter((value) => !mqtt.has(value));
  assert.deepEqual(missing, [], 'MQTT values that the broker took');
  const numbered = of('node').map(({ value }) => value);
  assert.ok(numbered.length > 0);
  assert.deepEqual(numbered, [...numbered.keys()], 'the readings of the node: none lost, none twice, in order');

  assert.ok(log.every(({ seq }, i) => i === 0 || seq > log[i - 1].seq), 'sequence numbers rise');
  // What a client has seen under a number stands under it for ever.
  const bySeq = new Map(log.map((record) => [record.seq, record]));
  await sse.until((all) => all.at(-1)?.seq >= log.at(-1).seq, 20_000);
  for (const { backlog, ...record } of sse.records) {
    if (!bySeq.has(record.seq)) continue; // newer than the listing
    const { backlog: _, ...stored } = bySeq.get(record.seq);
    assert.deepEqual(record, stored);
  }
  const seen = sse.records.map(({ seq }) => seq);
  assert.equal(new Set(seen).size, seen.length, 'the event source resumed without doubles');
  assert.deepEqual(seen.slice(0, log.length), log.map(({ seq }) => seq), 'and without holes');
});
