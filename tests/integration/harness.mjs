// What the tests are made of; start here.
export { Child, bin, freePort, patience, root, run, temporaryFolder, waitFor } from './harness/process.mjs';
export { startMosquitto } from './harness/mosquitto.mjs';
export { startGateway } from './harness/gateway.mjs';
export { startNode } from './harness/node.mjs';
export { Ndjson, Sse, Ws, page } from './harness/clients.mjs';
export { mqttToml, serialToml } from './harness/configuration.mjs';
