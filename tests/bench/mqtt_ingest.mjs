// QoS 1 messages of 100 bytes through a real broker, PUBACK after the commit: the median of three, and the reader without the log.
import { join } from 'node:path';
import { bin, run } from '../integration/harness/process.mjs';

async function rate(...options) {
  const { code, stdout, stderr } = await run(join(bin, 'bench-mqtt-ingest'), options, { timeoutMs: 600_000 });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout).readings_per_second;
}

const median = async (...options) => [await rate(...options), await rate(...options), await rate(...options)].sort((a, b) => a - b)[1];

export async function measure() {
  const unit = 'readings/s';
  return [
    { name: 'MQTT 5, log, bounded; median of 3', value: await median(), unit, goal: '≥ 20000' },
    { name: 'MQTT 3.1.1, log, bounded', value: await rate('--version', '3'), unit },
    { name: 'MQTT 5, broker with its default window of 20', value: await rate('--inflight', '20'), unit },
    { name: 'MQTT 5, reader alone', value: await rate('--intake', 'none'), unit },
  ];
}
