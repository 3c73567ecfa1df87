// What permessage-deflate costs and saves: WEIR_BIN=build/release/bin node tests/bench/compression.mjs
// Clients of one group that offer it, beside the same without: bytes for each record on the wire, CPU of the gateway for each
// message and client, memory for each idle connection.
import { readFileSync, readdirSync } from 'node:fs';
import { Ws, startGateway, waitFor } from '../integration/harness.mjs';

const clients = Number(process.env.CLIENTS ?? 100);
const rounds = 100;

const cpuNs = (pid) =>
  readdirSync(`/proc/${pid}/task`).reduce((sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]), 0);
const privateKiB = (pid) => Number(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Private_Dirty: +(\d+)/m)[1]);

async function push(gateway, perMessage, round) {
  const json = Array.from({ length: perMessage }, (_, i) => ({ device: `boiler-${i % 10}`, metric: 'temperature', value: 20 + ((round * 7 + i) % 50) / 10, unit: 'Cel' }));
  const response = await gateway.fetch('/v1/readings', { role: 'ingest', json });
  if (!response.ok) throw new Error(await response.text());
}

async function open(gateway, compress, count) {
  return Promise.all(Array.from({ length: count }, () => Ws.open(gateway, 'kinds=reading', { compress })));
}

async function measure(compress, perMessage) {
  const gateway = await startGateway({ server: 'websocket_compression = true' });
  await push(gateway, 1, 0); // buffers, tables and tokens are there
  for (const warm of await open(gateway, compress, 10)) await warm.close();
  const before = privateKiB(gateway.pid);
  const all = await open(gateway, compress, clients);
  const memory = ((privateKiB(gateway.pid) - before) * 1024) / clients;
  const [bytes, cpu] = [all[0].received, cpuNs(gateway.pid)];
  for (let round = 1; round <= rounds; round++) {
    await push(gateway, perMessage, round);
    await waitFor(() => all.every((ws) => ws.records.length >= round * perMessage), 'all to have it', 30_000);
  }
  const messages = all[0].messages.length;
  const result = {
    'records in a message': (rounds * perMessage) / messages,
    compressed: compress ? 'yes' : 'no',
    'bytes for each record': Math.round(((all[0].received - bytes) / rounds / perMessage) * 10) / 10,
    'CPU for each message and client, µs': Math.round((cpuNs(gateway.pid) - cpu) / messages / clients / 100) / 10,
    'memory for each idle client, bytes': Math.round(memory),
  };
  await gateway.kill();
  return result;
}

const table = [];
for (const perMessage of [1, 10, 100]) for (const compress of [false, true]) table.push(await measure(compress, perMessage));
console.table(table);
process.exit(0);
