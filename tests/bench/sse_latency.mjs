// From publishing over MQTT (QoS 1) to the event at each of 10 SSE clients, 100 readings a second, one process, one clock.
import { get } from 'node:http';
import { mqttToml } from '../integration/harness/configuration.mjs';
import { startGateway } from '../integration/harness/gateway.mjs';
import { startMosquitto } from '../integration/harness/mosquitto.mjs';
import { waitFor } from '../integration/harness/process.mjs';

const clients = 10;
const rate = 100;
const readings = 2000;
const warmUp = 100;

/** Calls `seen(value)` for each event; the promise is kept when the stream is open. */
async function listen(gateway, seen) {
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${await gateway.token()}` };
  return new Promise((done, fail) => {
    const request = get(`${gateway.url}/v1/stream`, { headers, agent: false }, (response) => {
      let rest = '';
      response.setEncoding('utf8').on('data', (text) => {
        done(request);
        const events = (rest + text).split('\n\n');
        rest = events.pop();
        for (const event of events) {
          const value = event.match(/"value":(\d+)/)?.[1];
          if (value !== undefined) seen(Number(value));
        }
      });
    });
    request.on('error', fail);
  });
}

/** Publishes at the rate; `sent[i]` is when. */
function publish(publisher, sent) {
  const begun = performance.now();
  return new Promise((done) => {
    const timer = setInterval(() => {
      while (sent.length < readings && performance.now() - begun >= sent.length * (1000 / rate)) {
        const value = sent.push(performance.now()) - 1;
        publisher.publish('sensors/bench/n', String(value), { qos: 1 });
      }
      if (sent.length === readings) (clearInterval(timer), done());
    }, 1);
  });
}

export async function measure() {
  const broker = await startMosquitto();
  const gateway = await startGateway({ toml: mqttToml(broker) });
  const publisher = await broker.client();
  publisher.stream.setNoDelay(true);
  const sent = [];
  const latencies = [];
  const seen = (value) => value >= warmUp && latencies.push(performance.now() - sent[value]);
  const requests = await Promise.all(Array.from({ length: clients }, () => listen(gateway, seen)));
  await publish(publisher, sent);
  await waitFor(() => latencies.length === clients * (readings - warmUp), 'every event at every client');
  for (const request of requests) request.on('error', () => {}).destroy();
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor(latencies.length * share)];
  return [
    { name: 'publish to event, p50', value: at(0.5), unit: 'ms', goal: '≤ 1' },
    { name: 'publish to event, p99', value: at(0.99), unit: 'ms', goal: '≤ 5' },
    { name: 'publish to event, longest', value: latencies.at(-1), unit: 'ms' },
  ];
}
