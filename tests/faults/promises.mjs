// gateway/docs/promises.md from the figures of the last run of each proof: `node promises.mjs`. Never written by hand. A long proof may
// run in parts, each with a seed of its own and into a file of its own (`--json build/faults/power-2.json`): they are added up.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '../../..');
const folder = resolve(root, 'build/faults');

/** The runs of a proof, in the order of their files' names. */
function partsOf(suite) {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const ours = files.filter((name) => name === `${suite}.json` || (name.startsWith(`${suite}-`) && /^\d+\.json$/.test(name.slice(suite.length + 1))));
  return ours.sort().map((name) => JSON.parse(readFileSync(resolve(folder, name), 'utf8')));
}

function added(parts) {
  const sum = {};
  for (const [name, value] of parts.flatMap(Object.entries)) {
    if (typeof value === 'boolean') sum[name] = (sum[name] ?? true) && value;
    else if (typeof value !== 'number') sum[name] = value;
    else sum[name] = name.startsWith('longest') ? Math.max(sum[name] ?? 0, value) : (sum[name] ?? 0) + value;
  }
  return sum;
}

const n = (value) => value.toLocaleString('en');

const proofs = [
  {
    suite: 'power',
    title: 'A power cut',
    promise: `Under \`strict\` nothing that was acknowledged is lost; under \`bounded\` at most what was acknowledged in the last second. The
file is never corrupt. A number that anyone was given never means another record. The log goes on by itself.`,
    how: `Scripts of appends by one to three writers run on a simulated disk that writes down every write, truncation, sync and removal of
every file: database, WAL and journal. Then the power is cut at every step of each trace. Of what was not synced, each sector (512 or
4,096 bytes) is as it was, as any write since left it, or torn in the middle of one (its beginning, its end, a mixture, garbage); a
file's size is any that it had; files that were made or removed may be missing or back. Bytes of a sector that nobody wrote stay, as
SQLite assumes too. From some cuts the log starts on a simulated disk again, and the power is cut a second time while it does. After
each cut the log is opened, read to the end, held against what clients had been told, and appended to.`,
    figures: (f) => [
      ['cuts', f.cases],
      ['of these under `strict`', f.cuts_under_strict],
      ['of these a second cut during recovery', f.cuts_during_recovery],
      ['scripts, each cut at every step', f.scripts],
      ['steps', f.steps],
      ['records read and compared', f.records_read],
    ],
  },
  {
    suite: 'commands',
    title: 'Commands',
    promise: `A command is executed at most once, and those to one device in the order in which they were accepted. Each ends in exactly one final
state; it and the acceptance are in the audit.`,
    how: `Devices behind a real broker, and a serial node, write down all that they execute. Meanwhile the gateway is killed, its wall clock is set by
up to ten years in both directions, the broker stops, devices disconnect, answer twice, late or never, and clients ask again with the same
\`Idempotency-Key\` until they are answered. Every state is read from the log and held against the audit's files.`,
    figures: (f) => [
      ['commands', f.cases],
      ['executed', f.executed],
      ['succeeded', f.succeeded ?? 0],
      ['failed', f.failed ?? 0],
      ['expired: certainly not executed', f.expired ?? 0],
      ['unknown', f.unknown ?? 0],
      ['kills of the gateway', f.kills],
      ['settings of its clock', f.clock_steps],
      ['stops of the broker', f.broker_stops],
      ['devices disconnected', f.disconnects],
      ['replies given again', f.replies_repeated],
      ['messages that reached a device again', f.delivered_again],
      ['requests asked again', f.asked_again],
    ],
  },
  {
    suite: 'kill',
    title: '`kill -9`',
    promise: `Nothing that was acknowledged is lost, under any durability. A node's readings, and pushes with an \`Idempotency-Key\`, are taken
once however often they are sent. Order is kept.`,
    how: `A real gateway with a broker, a node on a pseudo-terminal and two HTTP clients is killed at random moments, its start included. All
clients send on; all that the log has is read and compared every 25 cycles.`,
    figures: (f) => [
      ['kills', f.cases],
      ['pushes acknowledged over HTTP', f.acknowledged_over_http],
      ['messages acknowledged over MQTT', f.acknowledged_over_mqtt],
      ["the node's readings, each there once and in order", f.readings_of_the_node],
      ['records read and compared', f.records_read],
    ],
  },
  {
    suite: 'io-errors',
    title: 'An I/O error',
    promise: `When a read, write, sync, truncation or opening fails, the log either goes on or says that it stopped, and acknowledges nothing
more. What was acknowledged is there when it is opened again, under \`strict\` also after a power cut right then. The file is never
corrupt.`,
    how: `The first, the second, … operation of each kind fails, once or with all that follow, with EIO, ENOSPC or EROFS; of a new log, and of
one whose process had been killed. A write that fails has written its first half.`,
    figures: (f) => [
      ['operations that failed, one a run', f.cases],
      ['the log went on', f.went_on],
      ['it stopped and said so', f.stopped_and_said_so],
      ['it refused to start', f.refused_to_start],
    ],
  },
  {
    suite: 'full-disk',
    title: 'A full file system',
    promise: `The log does not stop, takes appends again when there is room without a restart, and counts what it had to drop.`,
    how: `Something else fills a file system of 24 MiB to its last bytes while the log is written, and goes away again.`,
    figures: (f) => [
      ['cycles of filling and freeing', f.cases],
      ['on a mounted file system', f.on_a_mounted_file_system ? 'yes' : 'no, simulated'],
      ['appends', f.appends],
      ['appends refused while it was full', f.appends_refused],
      ['records dropped, and counted', f.records_dropped_and_counted],
      ['records thinned, and counted', f.records_thinned_and_counted],
      ['longest time to take appends again', `${n(f.longest_resume_ms)} ms`],
    ],
  },
  {
    suite: 'bit-flips',
    title: 'A flipped bit, a file cut short',
    promise: `What is read is what was written. What is damaged is told: repaired from the journal, counted as \`damaged\`, or the file is set
aside for a new log. One thing can't be told: when the very end of the journal of a killed process is damaged, it looks like a commit that was
torn, and the last commits are missing.`,
    how: `One bit of the database, its WAL or a journal file is flipped, or the file is cut short, at random places of logs that were closed
and of logs whose process was killed.`,
    figures: (f) => [
      ['flips and cuts', f.cases],
      ['of these in logs whose process was killed', f.of_killed_logs],
      ['harmless: all records are there', f.harmless],
      ['told, and the log goes on', f.told_and_went_on],
      ['met while it ran: stopped, said so, and started again', f.stopped_and_started_again],
      ['the last commits of a log whose process was killed are missing', f.end_of_a_killed_log_lost],
      ['set aside, and a new log begins', f.set_aside_for_a_new_log],
    ],
  },
];

function section({ suite, title, promise, how, figures }) {
  const parts = partsOf(suite);
  const f = added(parts);
  const rows = [...figures(f), ['**promises broken**', `**${f.broken}**`]].map(([name, value]) => `| ${name} | ${typeof value === 'number' ? n(value) : value} |`);
  return `## ${title}

${promise}

How it was tested: ${how}

| | |
|---|---:|
${rows.join('\n')}

${parts.map((part) => `\`./dev faults ${suite} ${part.cases} ${part.seed}\`, ${part.when.slice(0, 10)}, ${n(part.seconds)} s.`).join('\n')}
`;
}

const ran = proofs.filter(({ suite }) => partsOf(suite).length > 0);
const text = `# What is promised, and how it was tested

Written by \`./dev faults\` from the figures of its last runs; never by hand. [storage.md](storage.md) and [commands.md](commands.md) say how it works. CI runs
each proof for a short while, with a new seed each day.

${ran.map(section).join('\n')}`;
writeFileSync(resolve(root, 'gateway/docs/promises.md'), text);
