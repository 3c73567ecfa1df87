// ./dev bench [NAME [WORD…]]: every benchmark beside its goal, into build/bench/results.json and results.md.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { bin, endAll, root, run } from '../integration/harness/process.mjs';

const suites = {
  'mqtt-ingest': () => import('./mqtt_ingest.mjs'),
  'sse-latency': () => import('./sse_latency.mjs'),
  memory: () => import('./memory.mjs'),
  start: () => import('./start.mjs'),
  log: () => import('./log.mjs'),
  delivery: () => import('./delivery.mjs'),
  soak: () => import('./soak.mjs'),
  instructions: () => import('./instructions.mjs'),
};

// Programs that a suite runs, beside those of its own name.
const parts = ['bench-load', 'bench-bare-loop'];

/** Google Benchmark programs: bin/bench-NAME, without goals of their own. */
async function micro(program) {
  const { code, stdout, stderr } = await run(join(bin, program), ['--benchmark_format=json'], { timeoutMs: 600_000 });
  if (code !== 0) throw new Error(stderr);
  const unit = (each) => (each.items_per_second ? 'items/s' : each.time_unit);
  return JSON.parse(stdout).benchmarks.map((each) => ({ name: each.name, value: each.items_per_second ?? each.cpu_time, unit: unit(each) }));
}

function wanted(filter) {
  const programs = readdirSync(bin).filter((name) => name.startsWith('bench-') && !parts.includes(name) && !(name.slice(6) in suites));
  const all = { ...suites, ...Object.fromEntries(programs.map((name) => [name.slice(6), () => ({ measure: () => micro(name) })])) };
  return Object.entries(all).filter(([name]) => name.includes(filter));
}

const shown = (value) => (value >= 1000 ? Math.round(value).toLocaleString('en') : Number(value.toPrecision(3)));
const verdict = ({ value, goal }) => (goal === undefined ? '' : (goal.startsWith('≥') ? value >= limit(goal) : value <= limit(goal)) ? 'reached' : 'missed');
const limit = (goal) => Number(goal.replace(/[^\d.]/g, ''));

function markdown(results) {
  const rows = results.map((each) => `| ${each.suite} | ${each.name} | ${shown(each.value)} ${each.unit} | ${each.goal ?? ''} | ${verdict(each)} |`);
  return ['| benchmark | figure | measured | goal | |', '|---|---|---:|---:|---|', ...rows, ''].join('\n');
}

/** Figures that must not miss their goal say in `missed` what to do. */
function failures(results) {
  const failed = results.filter((each) => each.missed && verdict(each) === 'missed');
  return failed.map((each) => `${each.name}: ${shown(each.value)} ${each.unit}, ${each.goal}; ${each.missed}`);
}

async function main(filter = '', words = []) {
  const chosen = wanted(filter);
  if (chosen.length === 0) throw new Error(`no benchmark "${filter}"; there are ${wanted('').map(([name]) => name).join(', ')}`);
  const results = [];
  for (const [suite, load] of chosen) {
    console.log(`${suite} …`);
    for (const figure of await (await load()).measure(words)) results.push({ suite, ...figure });
    await endAll();
  }
  const folder = join(root, 'build/bench');
  mkdirSync(folder, { recursive: true });
  const machine = { cpu: cpus()[0].model, cores: cpus().length };
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify({ when: new Date().toISOString(), machine, results }, null, 2)}\n`);
  writeFileSync(join(folder, 'results.md'), markdown(results));
  console.log(`\n${markdown(results)}`);
  const failed = failures(results);
  if (failed.length > 0) throw new Error(failed.join('\n'));
}

main(process.argv[2], process.argv.slice(3)).then(
  () => process.exit(0),
  async (error) => {
    console.error(`./dev bench: ${error.message}`);
    await endAll();
    process.exit(1);
  },
);
