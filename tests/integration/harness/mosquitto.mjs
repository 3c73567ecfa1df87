// A real broker on a free loopback port.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { Child, closeAtEnd, freePort, listening, temporaryFolder, waitFor } from './process.mjs';

class Mosquitto {
  constructor(port, folder) {
    this.port = port;
    this.folder = folder;
    this.url = `mqtt://127.0.0.1:${port}`;
  }

  async start() {
    this.child = new Child('mosquitto', ['-c', join(this.folder, 'mosquitto.conf')], { title: 'mosquitto' });
    await waitFor(() => (this.child.assertRunning(), listening(this.port)), `mosquitto on port ${this.port}`);
    return this;
  }

  /** A connected client of the npm package mqtt. */
  async client(options = {}) {
    const client = await mqtt.connectAsync(this.url, { reconnectPeriod: 200, ...options });
    client.on('error', () => {});
    closeAtEnd({ close: () => client.endAsync(true) });
    return client;
  }

  /** Its clients try to come back; without persistence it has forgotten their sessions and messages then. */
  async stop() {
    await this.child.end('SIGTERM');
  }

  async kill() {
    await this.child.end('SIGKILL');
  }
}

/** `persistence`: sessions and queued messages survive a restart. `start: false` only reserves the port. */
export async function startMosquitto({ persistence = false, start = true, port } = {}) {
  const folder = temporaryFolder();
  const broker = new Mosquitto(port ?? (await freePort()), folder);
  writeFileSync(join(folder, 'mosquitto.conf'), configuration(broker.port, folder, persistence));
  return start ? broker.start() : broker;
}

function configuration(port, folder, persistence) {
  return `listener ${port} 127.0.0.1
allow_anonymous true
user root
set_tcp_nodelay true
max_queued_messages 200000
max_inflight_messages 1000
persistence ${persistence}
persistence_location ${folder}/
autosave_interval 60
`;
}
