// Child processes and temporary folders that never outlive the test, however it ends.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(fileURLToPath(import.meta.url), '../../../..');
export const bin = resolve(root, process.env.WEIR_BIN ?? 'build/release/bin');
// Sanitizer builds are several times slower: every time-out is multiplied by this.
export const patience = Number(process.env.WEIR_PATIENCE ?? 1);

const children = new Set();
const folders = new Set();
const open = new Set();

/** Closes a client when the file's tests have ended: an open socket would keep the test process alive. */
export function closeAtEnd(client) {
  open.add(client);
  return client;
}

/** Closes every client, then ends every child. */
export async function endAll() {
  await Promise.allSettled([...open].map((client) => client.close()));
  await Promise.allSettled([...children].reverse().map((child) => child.end()));
}

process.on('exit', () => {
  for (const child of children) {
    if (process.exitCode) process.stderr.write(`--- ${child.title} said last:\n${child.tail()}\n`);
    child.signal('SIGKILL');
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is removed at the end. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'weir-test-'));
  folders.add(folder);
  return folder;
}

/** Polls until `condition` gives something truthy and returns that. An exception counts as "not yet". */
export async function waitFor(condition, what, timeoutMs = 10_000) {
  const end = Date.now() + timeoutMs * patience;
  for (let error; ; await pause(10)) {
    try {
      const value = await condition();
      if (value) return value;
    } catch (thrown) {
      if (thrown.fatal) throw thrown;
      error = thrown;
    }
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`, { cause: error });
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** A port of 127.0.0.1 that nobody listens on now. */
export function freePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

export function listening(port) {
  return new Promise((done) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.on('connect', () => (socket.destroy(), done(true)));
    socket.on('error', () => done(false));
  });
}

/** A child process; its output is kept. It dies with this process even when that is killed (pdeathsig). */
export class Child {
  constructor(command, args, { title = command, env = {}, cwd } = {}) {
    this.title = title;
    this.stdout = '';
    this.stderr = '';
    this.process = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      cwd,
    });
    this.exited = new Promise((done) => this.process.on('close', (code, signal) => done({ code, signal })));
    this.exited.then(() => (children.delete(this), this.reportSanitizer()));
    for (const name of ['stdout', 'stderr']) {
      this.process[name].setEncoding('utf8').on('data', (text) => (this[name] += text));
      this.process[name].unref();
    }
    this.process.unref();
    children.add(this);
  }

  get pid() {
    return this.process.pid;
  }

  get running() {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** gcc's UBSan knows no log_path beside ASan: what it said is written beside the other reports. */
  reportSanitizer() {
    const folder = process.env.WEIR_REPORTS;
    if (folder && this.stderr.includes('runtime error:')) writeFileSync(join(folder, `report.${this.pid}.undefined`), this.stderr);
  }

  signal(name) {
    if (this.running) this.process.kill(name);
  }

  tail(lines = 40) {
    return `${this.stdout}${this.stderr}`.trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** Throws what the child said if it has ended; for use while waiting for it to come up. */
  assertRunning() {
    if (this.running) return;
    const { exitCode, signalCode } = this.process;
    throw Object.assign(new Error(`${this.title} ended (${signalCode ?? exitCode}):\n${this.tail()}`), { fatal: true });
  }

  /** Ends it and answers `{code, signal}`; SIGKILL if it takes longer than `timeoutMs`. */
  async end(signal = 'SIGTERM', timeoutMs = 10_000) {
    this.signal(signal);
    const late = setTimeout(() => this.signal('SIGKILL'), timeoutMs * patience);
    const result = await this.exited;
    clearTimeout(late);
    return result;
  }
}

/** Runs a program to its end. */
export async function run(command, args, options = {}) {
  const child = new Child(command, args, options);
  const late = setTimeout(() => child.signal('SIGKILL'), (options.timeoutMs ?? 20_000) * patience);
  const result = await child.exited;
  clearTimeout(late);
  return { ...result, stdout: child.stdout, stderr: child.stderr };
}
