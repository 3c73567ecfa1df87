// An anchor: what a straightforward server in Node does. One record of generic_record.h at a time to every client, over SSE (http) or
// WebSocket (ws). node_server.mjs RATE CLIENTS: begins when so many are there. Prints its port. Run by ../delivery.mjs.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const { WebSocketServer } = createRequire(new URL('../../integration/package.json', import.meta.url))('ws');

const [rate, clients] = process.argv.slice(2).map(Number);
const responses = new Set();
const sockets = new Set();

function record(counter) {
  const head = `{"counter":${counter},"ns":${process.hrtime.bigint()},"pad":"`; // CLOCK_MONOTONIC, as the load generator's
  return `${head.padEnd(118, 'x')}"}`;
}

const server = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  joined(responses, response);
  response.on('close', () => responses.delete(response));
});

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
  joined(sockets, socket);
  socket.on('error', () => {}).on('close', () => sockets.delete(socket));
});

/** To all that are there, one after the other, whatever has fallen due. */
function begin() {
  const begun = performance.now();
  let sent = 0;
  setInterval(() => {
    for (const due = Math.floor(((performance.now() - begun) / 1000) * rate); sent < due; ) {
      sent += 1;
      const text = record(sent);
      const event = `data: ${text}\n\n`;
      for (const response of responses) response.write(event);
      for (const socket of sockets) socket.send(text);
    }
  }, Math.max(1, 1000 / rate));
}

function joined(all, client) {
  if (all.add(client).size === clients) begin();
}

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => console.log(`port ${server.address().port}`));
