// Readings over MQTT reach every delivery; brokers come and go.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Ndjson, Sse, Ws, mqttToml, page, startGateway, startMosquitto, waitFor } from './harness.mjs';

const plain = ({ device, metric, value }) => ({ device, metric, value });

for (const version of ['3.1.1', '5']) {
  test(`MQTT ${version}: what is published reaches polling, long polling, NDJSON, SSE and WebSocket alike`, async () => {
    const broker = await startMosquitto();
    const gateway = await startGateway({ toml: mqttToml(broker, { version }) });
    const publisher = await broker.client();
    const [sse, ndjson, ws] = await Promise.all([Sse.open(gateway), Ndjson.open(gateway), Ws.open(gateway, 'devices=*')]);
    await sse.opened();
    const { cursor } = await page(gateway);
    const longPoll = page(gateway, `after=${cursor}&wait=20`);

    await publisher.publishAsync('sensors/boiler/temperature', '81.25', { qos: 1 });
    await publisher.publishAsync('sensors/boiler/on', 'true', { qos: 1 });
    await publisher.publishAsync('sensors/boiler/mode', 'heating', { qos: 0 });
    await publisher.publishAsync('json/tank', '{"level":3,"pressure":101325.5,"valve":"open","time":"2026-03-01T10:00:00.5Z"}', { qos: 1 });

    const records = await sse.until(6);
    assert.deepEqual(records.map(plain), [
      { device: 'boiler', metric: 'temperature', value: 81.25 },
      { device: 'boiler', metric: 'on', value: true },
      { device: 'boiler', metric: 'mode', value: 'heating' },
      { device: 'tank', metric: 'level', value: 3 },
      { device: 'tank', metric: 'pressure', value: 101325.5 },
      { device: 'tank', metric: 'valve', value: 'open' },
    ]);
    assert.equal(records[5].time, '2026-03-01T10:00:00.5Z');
    assert.ok(records[5].received, 'received is there when it differs from time');
    assert.ok(records.every((record, i) => record.kind === 'reading' && (i === 0 || record.seq > records[i - 1].seq)));
    assert.deepEqual((await longPoll).records[0], records[0]);
    assert.deepEqual(await ndjson.until(6), records);
    assert.deepEqual(await ws.until(6), records);
    assert.deepEqual((await page(gateway)).records, records);
    assert.equal((await gateway.stop()).code, 0);
  });
}

test('a client stops on one transport and goes on with another from the same cursor', async () => {
  const broker = await startMosquitto();
  const gateway = await startGateway({ toml: mqttToml(broker) });
  const publisher = await broker.client();
  const publish = (from, to) => {
    const values = Array.from({ length: to - from }, (_, i) => String(from + i));
    return Promise.all(values.map((value) => publisher.publishAsync('sensors/a/count', value, { qos: 1 })));
  };
  await publish(0, 10);
  await waitFor(async () => (await page(gateway)).records.length === 10, 'ten readings');
  const first = await page(gateway, 'limit=4');
  assert.equal(first.more, true);
  const sse = await Sse.open(gateway, `after=${first.cursor}`);
  const second = (await sse.until(6)).slice();
  sse.close();
  await publish(10, 20);
  const ws = await Ws.open(gateway, `after=${sse.cursor}`);
  const third = await ws.until(10);
  assert.deepEqual([...first.records, ...second, ...third].map(({ value }) => value), [...Array(20).keys()]);
});

test('a broker that is down at the start, comes up, and restarts without its state costs nothing but the time', async () => {
  const broker = await startMosquitto({ start: false });
  const gateway = await startGateway({ toml: mqttToml(broker), until: '/healthz' });
  const { pid } = gateway;
  const sse = await Sse.open(gateway);
  await sse.opened();

  await broker.start();
  const publisher = await broker.client();
  const arrives = (value) =>
    waitFor(async () => {
      await publisher.publishAsync('sensors/a/n', String(value), { qos: 1 });
      return sse.records.some((record) => record.value === value);
    }, `value ${value}`, 30_000);
  await arrives(1);
  await broker.kill();
  await broker.start();
  await arrives(2);
  await broker.stop();
  await broker.start();
  await arrives(3);
  assert.equal(gateway.pid, pid);
  assert.ok(gateway.child.running);
});

test('payloads that cannot be decoded are recorded as losses, and the good ones beside them are kept', async () => {
  const broker = await startMosquitto();
  const gateway = await startGateway({ toml: mqttToml(broker) });
  const publisher = await broker.client();
  const bad = ['{"a":', 'null', '[]', '"text"', '{"t":NaN}', '[['.repeat(200), `{"t":${'9'.repeat(400)}}`, `{"t":"${'x'.repeat(1 << 20)}"}`];
  for (const payload of bad) await publisher.publishAsync('json/tank', payload, { qos: 1 });
  await publisher.publishAsync('json/tank', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), { qos: 1 });
  await publisher.publishAsync('json/tank', '{"good":1,"nested":{"too":[1,{"x":null}]},"also":2}', { qos: 1 });
  await publisher.publishAsync('unknown/topic', '1', { qos: 1 });
  await publisher.publishAsync('sensors/tank/end', '1', { qos: 1 });

  const readings = await waitFor(async () => {
    const { records } = await page(gateway);
    return records.some(({ metric }) => metric === 'end') && records;
  }, 'the last reading');
  const names = readings.map(({ metric }) => metric);
  assert.ok(names.includes('good') && names.includes('also'), `good members are kept: ${names}`);

  const lost = await waitFor(async () => {
    const { records } = await page(gateway, 'kinds=loss');
    return records.reduce((sum, { count }) => sum + count, 0) >= bad.length + 1 && records;
  }, 'the losses');
  for (const loss of lost) {
    assert.equal(loss.kind, 'loss');
    assert.match(loss.where, /json\/tank/);
    assert.equal(loss.reason, 'undecodable');
    assert.ok(Date.parse(loss.first) <= Date.parse(loss.last));
  }
  const lines = gateway.log.split('\n').filter((line) => line.includes('field') && line.includes('json/tank'));
  assert.ok(lines.length <= 5, `at most a line a second, not one for each:\n${lines.join('\n')}`);
});

test('time stamps of 1970 and 2106 are losses; the good readings beside them are kept', async () => {
  const broker = await startMosquitto();
  const gateway = await startGateway({ toml: mqttToml(broker) });
  const publisher = await broker.client();
  const times = ['1970-01-01T00:00:01Z', '2106-02-07T06:28:17Z', 'yesterday'];
  for (const time of times) await publisher.publishAsync('json/old', JSON.stringify({ n: 1, time }), { qos: 1 });
  await publisher.publishAsync('json/old', '[{"n":1,"time":17},{"n":2,"time":"2026-01-01T00:00:00Z"}]', { qos: 1 });
  await publisher.publishAsync('json/old', '{"n":3}', { qos: 1 });
  const { records } = await waitFor(async () => {
    const answer = await page(gateway, 'kinds=reading,loss');
    const lost = answer.records.filter(({ kind }) => kind === 'loss').reduce((sum, { count }) => sum + count, 0);
    return answer.records.some(({ value }) => value === 3) && lost >= 4 && answer;
  }, 'the readings and the losses');
  assert.deepEqual(records.filter(({ kind }) => kind === 'reading').map(({ value }) => value), [2, 3]);
});
