// The gateway under test: its own data folder, its own port, tokens of every role.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, bin, freePort, run, temporaryFolder, waitFor } from './process.mjs';

class Gateway {
  constructor(folder, port, config, under) {
    this.folder = folder;
    this.port = port;
    this.config = config;
    this.under = under;
    this.url = `http://127.0.0.1:${port}`;
    this.tokens = new Map();
  }

  get pid() {
    return this.child.pid;
  }

  /** All that it has logged since its last start. */
  get log() {
    return this.child.stderr;
  }

  async start({ until = '/readyz' } = {}) {
    const [command, ...words] = [...this.under, join(bin, 'weir'), 'run', '--config', this.config];
    this.child = new Child(command, words, { title: 'weir' });
    if (until) {
      await waitFor(async () => (this.child.assertRunning(), (await fetch(this.url + until)).ok), `weir to answer ${until}`, 15_000);
    }
    if (until === '/readyz') await this.connected();
    return this;
  }

  /** SIGTERM; answers `{code, signal}`. */
  async stop() {
    return this.child.end('SIGTERM');
  }

  async kill() {
    return this.child.end('SIGKILL');
  }

  async restart(options) {
    await this.stop();
    return this.start(options);
  }

  /** The token of a role, made by `weir token add` when first asked for. */
  async token(role = 'viewer') {
    if (!this.tokens.has(role)) this.tokens.set(role, this.addToken(role, role)); // the promise: many may ask at once
    return this.tokens.get(role);
  }

  /** Until every reader that the configuration names is connected. */
  async connected() {
    const states = async () => [...(await (await this.fetch('/metrics')).text()).matchAll(/^weir_reader_connected\{.*\} (\d)$/gm)];
    await waitFor(async () => (this.child.assertRunning(), (await states()).every(([, state]) => state === '1')), 'the readers to connect', 20_000);
  }

  async addToken(name, role) {
    const { code, stdout, stderr } = await this.weir('token', 'add', '--name', name, '--role', role);
    if (code !== 0) throw new Error(`weir token add: ${stderr}`);
    return stdout.trim();
  }

  /** `weir COMMAND … --config FILE`, in words. */
  command(...args) {
    return [join(bin, 'weir'), ...args, '--config', this.config];
  }

  /** Runs it. */
  weir(...args) {
    const [program, ...words] = this.command(...args);
    return run(program, words);
  }

  /** fetch() with the token of `role` (null: none); a plain object as `json` becomes the body. */
  async fetch(path, { role = 'viewer', json, headers = {}, ...options } = {}) {
    const all = { ...(role && { authorization: `Bearer ${await this.token(role)}` }), ...headers };
    if (json !== undefined) {
      all['content-type'] ??= 'application/json';
      options = { method: 'POST', ...options, body: JSON.stringify(json) };
    }
    return fetch(this.url + path, { ...options, headers: all });
  }

  /** The JSON answer of a GET, which has to succeed. */
  async get(path, options) {
    const response = await this.fetch(path, options);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}

/**
 * `toml`: tables after [server]; `server`: further lines of [server]. Returns when `until` answers 2xx (null: at once) and, for
 * /readyz, the readers are connected. `start: false` writes the configuration only. `under`: the command that runs it, as valgrind.
 */
export async function startGateway({ toml = '', server = '', port, start = true, until = '/readyz', under = [] } = {}) {
  const folder = temporaryFolder();
  port ??= await freePort();
  const config = join(folder, 'weir.toml');
  writeFileSync(config, `data_dir = "${folder}/data"\n[server]\nlisten = ["127.0.0.1:${port}"]\n${server}\n${toml}`);
  const gateway = new Gateway(folder, port, config, under);
  return start ? gateway.start({ until }) : gateway;
}
