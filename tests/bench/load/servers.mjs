// The servers of the delivery benchmark: Weir and its anchors, all started alike. Each has `pid`, `port`, `options` for bench-load,
// `stop()` and, where its clients are of a kind of their own, `kind`. Where there are two processors, the server has the first one and the load the second.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGateway } from '../../integration/harness/gateway.mjs';
import { Child, bin, freePort, listening, root, run, temporaryFolder, waitFor } from '../../integration/harness/process.mjs';

const pinned = cpus().length > 1;
const onLoadProcessor = pinned ? ['taskset', '-c', '1'] : [];
const pin = (pid) => pinned && run('taskset', ['--all-tasks', '--cpu-list', '--pid', '0', String(pid)]);

export async function startWeir() {
  const gateway = await startGateway();
  await pin(gateway.pid);
  const options = { '--token': await gateway.token(), '--publish-token': await gateway.token('ingest') };
  return { pid: gateway.pid, port: gateway.port, options, publishes: true, stop: () => gateway.stop() };
}

/** Each client is a descriptor here and one in the server. */
export const hardLimitOfDescriptors = async () => Number((await run('sh', ['-c', 'ulimit -Hn'])).stdout) || Infinity;

/** A program that prints `port N`. */
async function startPrinting(command, args) {
  const child = new Child(command, args);
  const port = await waitFor(() => (child.assertRunning(), child.stdout.match(/^port (\d+)\n/)?.[1]), `the port of ${command}`);
  await pin(child.pid);
  return { pid: child.pid, port, options: { '--generic': 'yes', '--idle-target': '/idle' }, stop: () => child.end() };
}

export const startBareLoop = ({ rate, clients, coalesce = 0 }) =>
  startPrinting(join(bin, 'bench-bare-loop'), ['--rate', String(rate), '--clients', String(clients), '--coalesce', String(coalesce)]);

export const startNodeServer = ({ rate, clients }) =>
  startPrinting(process.execPath, [fileURLToPath(new URL('node_server.mjs', import.meta.url)), String(rate), String(clients)]);

/** nginx with Nchan: what is installed, else Debian's packages unpacked, not installed: that would start a server on port 80. */
async function nginx() {
  const installed = { program: '/usr/sbin/nginx', module: '/usr/lib/nginx/modules/ngx_nchan_module.so' };
  if (existsSync(installed.program) && existsSync(installed.module)) return installed;
  const folder = join(root, 'build/anchors');
  const unpacked = { program: join(folder, installed.program), module: join(folder, installed.module) };
  if (existsSync(unpacked.program) && existsSync(unpacked.module)) return unpacked;
  mkdirSync(folder, { recursive: true });
  const { code, stderr } = await run('apt-get', ['download', 'nginx', 'libnginx-mod-nchan'], { cwd: folder, timeoutMs: 120_000 });
  if (code !== 0) throw new Error(`apt-get download: ${stderr}`);
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.deb'))) await run('dpkg-deb', ['-x', join(folder, name), folder]);
  return unpacked;
}

export async function startNchan() {
  const { program, module } = await nginx();
  const folder = temporaryFolder();
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), nchanConfiguration(module, folder, port));
  const child = new Child(program, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], { title: 'nginx' });
  await waitFor(() => (child.assertRunning(), listening(port)), `nginx on port ${port}`);
  const worker = Number((await run('pgrep', ['-P', String(child.pid), '-o'])).stdout);
  await pin(worker);
  const options = { '--generic': 'yes', '--idle-target': '/idle', '--publish-target': '/publish', '--batch': 1, '--window': 64 };
  return { pid: worker, port, options, publishes: true, stop: () => child.end() };
}

function nchanConfiguration(module, folder, port) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${folder}/${name};`);
  return `load_module ${module};
${userInfo().uid === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${folder}/nginx.pid;
events { worker_connections 16000; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
${temporary.join('\n')}
  nchan_shared_memory_size 128m;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /publish { nchan_publisher http; nchan_channel_id load; nchan_message_buffer_length 4096; }
    location = /v1/stream { nchan_subscriber eventsource websocket longpoll; nchan_channel_id load; nchan_subscriber_first_message newest; }
    location = /idle { nchan_subscriber eventsource websocket; nchan_channel_id idle; }
  }
}
`;
}

/** mosquitto: clients on its WebSocket listener, the publisher on its other one, QoS 0. */
export async function startMosquitto() {
  const folder = temporaryFolder();
  const [port, publishPort] = [await freePort(), await freePort()];
  writeFileSync(join(folder, 'mosquitto.conf'), mosquittoConfiguration(port, publishPort));
  const child = new Child('mosquitto', ['-c', join(folder, 'mosquitto.conf')], { title: 'mosquitto' });
  await waitFor(async () => (child.assertRunning(), (await listening(port)) && (await listening(publishPort))), 'mosquitto to listen');
  await pin(child.pid);
  const options = { '--generic': 'yes', '--target': '/mqtt', '--publish-mqtt': publishPort, '--batch': 1, '--window': 64 };
  return { pid: child.pid, port, options, kind: 'mqtt', publishes: true, stop: () => child.end() };
}

function mosquittoConfiguration(port, publishPort) {
  return `${userInfo().uid === 0 ? 'user root' : ''}
allow_anonymous true
max_queued_messages 0
set_tcp_nodelay true
persistence false
log_type error
listener ${port} 127.0.0.1
protocol websockets
listener ${publishPort} 127.0.0.1
`;
}

/** What bench-load says of a server: an object of figures. Readings that were lost are figures as well; no figures are an error. */
export async function load(server, options, { timeoutMs = 120_000 } = {}) {
  const all = { '--port': server.port, '--pid': server.pid, ...server.options, ...options };
  if (!server.publishes) delete all['--publish'];
  if (server.kind) all['--clients'] = all['--clients'].replace(/^[^=]+/, server.kind);
  const words = Object.entries(all).flatMap(([name, value]) => [name, String(value)]);
  const [command, ...args] = [...onLoadProcessor, join(bin, 'bench-load'), ...words];
  const { stdout, stderr } = await run(command, args, { timeoutMs });
  if (!stdout) throw new Error(`bench-load ${words.join(' ')}: ${stderr}`);
  return JSON.parse(stdout);
}
