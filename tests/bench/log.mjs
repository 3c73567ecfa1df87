// The log alone, part by part, each in a process of its own. WEIR_MACHINE_TEMPERATURE names a CSV of timestamp,value lines
// (machine_temperature_system_failure.csv of the Numenta Anomaly Benchmark) for the figure of 8 decimals.
import { join } from 'node:path';
import { bin, run } from '../integration/harness/process.mjs';

const parts = ['codec', 'append', 'disk', 'history', 'replay', 'start'];

async function figures(part) {
  const { code, stdout, stderr } = await run(join(bin, 'bench-log'), [part], { timeoutMs: 1_800_000 });
  if (code !== 0) throw new Error(`bench-log ${part}: ${stderr}`);
  return stdout.trim().split('\n').map((line) => JSON.parse(line));
}

export async function measure() {
  const all = [];
  for (const part of parts) all.push(...(await figures(part)));
  return all;
}
