// ./dev run: a broker, three simulated nodes, the gateway and its dashboard on this computer, until Ctrl-C.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, bin, endAll, freePort, listening, root, run, waitFor } from '../integration/harness/process.mjs';

const folder = process.env.WEIR_RUN_FOLDER ?? join(root, 'build/run');
const config = join(folder, 'weir.toml');

async function main() {
  mkdirSync(folder, { recursive: true });
  const [brokerPort, port] = [await freePort(), await firstFree(Number(process.env.WEIR_RUN_PORT ?? 8080))];
  const url = `http://127.0.0.1:${port}`;
  const broker = await startBroker(brokerPort);
  const node = start('weir-node', ['--serial', 'pty', '--id', 'bench-1', '--rate', '2', '--channels', '2']);
  const terminal = await waitFor(() => (node.assertRunning(), node.stdout.match(/^(\/dev\/\S+)\n/)?.[1]), 'the pty of weir-node');
  writeFileSync(config, configuration(port, brokerPort, terminal));

  const gateway = start('weir', ['run', '--config', config]);
  await waitFor(async () => (gateway.assertRunning(), (await fetch(`${url}/readyz`)).ok), 'the gateway to be ready', 20_000);
  for (const id of ['boiler-1', 'greenhouse-1']) {
    start('weir-node', ['--mqtt', `mqtt://127.0.0.1:${brokerPort}`, '--id', id, '--rate', '1', '--channels', '3']);
  }
  const { stdout, stderr } = await run(join(bin, 'weir'), ['pair', '--config', config]);
  const code = stdout.match(/\d{4}-\d{4}/)?.[0];
  if (!code) throw new Error(`weir pair gave no code: ${stderr}`);
  console.log(greeting(url, code, broker));
  gateway.process.stderr.ref();
  gateway.process.stderr.on('data', (text) => process.stderr.write(text));
  const { code: exit, signal } = await gateway.exited;
  if (!stopping) throw new Error(`the gateway ended (${signal ?? exit}):\n${gateway.tail()}`);
}

function start(program, args) {
  return new Child(join(bin, program), args, { title: program });
}

async function startBroker(port) {
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n`);
  const broker = new Child('mosquitto', ['-c', file], { title: 'mosquitto' });
  await waitFor(() => (broker.assertRunning(), listening(port)), `mosquitto on port ${port}`);
  return `mqtt://127.0.0.1:${port}`;
}

async function firstFree(port) {
  return (await listening(port)) ? firstFree(port + 1) : port;
}

function configuration(port, brokerPort, terminal) {
  return `# Written by ./dev run each time; copy it and change it.
data_dir = "${folder}/data"
[server]
listen = ["127.0.0.1:${port}"]
[[mqtt]]
name = "field"
url = "mqtt://127.0.0.1:${brokerPort}"
version = "5"
  [[mqtt.subscribe]]
  filter = "sensors/+/+"
  qos = 1
  device = "{1}"
  metric = "{2}"
  decode = "value"
  [mqtt.commands]
  publish = "sensors/{device}/commands"
  replies = "sensors/+/replies"
    [[mqtt.commands.declare]]
    device = "*"
    name = "set"
    args.target = { type = "number", min = 0, max = 90, unit = "Cel" }
    state_metric = "target"
[[serial]]
name = "bench"
port = "${terminal}"
framing = "wire"
decode = "wire"
`;
}

function greeting(url, code, broker) {
  return `
  Weir is running: three simulated nodes, two over MQTT and one on a serial line.

    dashboard      ${url}/#code=${code}
                   (the code signs in once, within 10 minutes; a new one: build/release/bin/weir pair --config build/run/weir.toml)
    broker         ${broker}
    configuration  build/run/weir.toml

  Ctrl-C stops all of it.
`;
}

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    endAll().then(() => process.exit(0));
  });
}
main().catch(async (error) => {
  if (stopping) return;
  console.error(`./dev run: ${error.message}`);
  await endAll();
  process.exit(1);
});
