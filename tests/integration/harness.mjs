// What the tests are made of; start here. Importing it arranges that nothing outlives the test file.
import { after } from 'node:test';
import { endAll } from './harness/process.mjs';

after(endAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

export { Child, bin, freePort, patience, root, run, temporaryFolder, waitFor } from './harness/process.mjs';
export { startMosquitto } from './harness/mosquitto.mjs';
export { startGateway } from './harness/gateway.mjs';
export { numberedReplay, replayBegins, startNode } from './harness/node.mjs';
export { Ndjson, Sse, Ws, page } from './harness/clients.mjs';
export { originsToml, replace, startProxy } from './harness/proxies.mjs';
export { mqttToml, serialToml } from './harness/configuration.mjs';
