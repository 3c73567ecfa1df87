// A gateway under callgrind, and the instructions that it spends on something: user code only, however busy the machine is.
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { root, run } from '../../integration/harness/process.mjs';

export const folder = join(root, 'build/bench/callgrind');

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function ask(gateway) {
  return new Promise((done, fail) => {
    get(`${gateway.url}/healthz`, { agent: false }, (response) => response.resume().on('end', done)).on('error', fail);
  });
}

/** Of each thread since the dump before: [instructions, file], the busiest first. */
function threads(number) {
  const files = readdirSync(folder).filter((name) => name.startsWith(`weir.${number}-`));
  const counted = files.map((name) => [Number(readFileSync(join(folder, name), 'utf8').match(/^totals: (\d+)/m)?.[1] ?? 0), join(folder, name)]);
  return counted.sort(([a], [b]) => b - a);
}

/** The same gateway goes on under callgrind. Answers `count(what, work)`: the instructions of one piece of work. */
export async function continueUnderCallgrind(gateway) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await gateway.stop();
  gateway.under = ['valgrind', '--tool=callgrind', '--separate-threads=yes', '--vgdb-poll=500', `--callgrind-out-file=${join(folder, 'weir')}`];
  await gateway.start();
  let dumps = 0;

  async function dump() {
    // Connections that the clients have closed are to be closed here as well.
    for (let i = 0; i < 3; i += 1) await ask(gateway).then(() => pause(30));
    // Without ptrace, which containers forbid: the process sees for itself that a dump is wanted, while it has something to do.
    let ended = false;
    const told = run('vgdb', [`--pid=${gateway.pid}`, '--max-invoke-ms=0', 'dump']).finally(() => (ended = true));
    for (await pause(60); !ended; await pause(60)) await ask(gateway);
    const { code, stderr } = await told;
    if (code !== 0) throw new Error(`vgdb: ${stderr}`);
    dumps += 1;
    return threads(dumps);
  }

  for (const [, file] of await dump()) rmSync(file);
  return async (what, work) => {
    await work();
    const counted = await dump();
    renameSync(counted[0][1], join(folder, what));
    for (const [, file] of counted.slice(1)) rmSync(file);
    // The server's and the log's or history's thread: the others work by the clock.
    return counted[0][0] + counted[1][0];
  };
}
