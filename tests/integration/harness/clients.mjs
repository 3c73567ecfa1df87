// One collector for each delivery: all give `records`, `cursor`, `until(count or predicate)` and `close()`.
import { EventSource } from 'eventsource';
import WebSocket from 'ws';
import { decodeCbor, encodeCbor } from './cbor.mjs';
import { closeAtEnd, waitFor } from './process.mjs';

class Collector {
  records = [];
  cursor = null;

  /** Waits for a number of records, or until `condition(records)` holds; answers the records. */
  async until(condition, timeoutMs) {
    const holds = typeof condition === 'number' ? () => this.records.length >= condition : () => condition(this.records);
    const what = typeof condition === 'number' ? `${condition} records` : 'the condition on records';
    await waitFor(() => holds(), what, timeoutMs).catch((error) => {
      error.message += `; there are ${this.records.length}, the last: ${JSON.stringify(this.records.at(-1))}`;
      throw error;
    });
    return this.records;
  }
}

/** One page: `{cursor, records, more}`. */
export async function page(gateway, query = '', options = {}) {
  return gateway.get(`/v1/stream?${query}`, { ...options, headers: { accept: 'application/json', ...options.headers } });
}

/** Server-sent events through the npm package eventsource (it reconnects by itself with Last-Event-ID). */
export class Sse extends Collector {
  static async open(gateway, query = '', { role = 'viewer', after, kinds = eventKinds, headers = {} } = {}) {
    const sse = new Sse();
    const all = { authorization: `Bearer ${await gateway.token(role)}`, ...headers };
    if (after) all['last-event-id'] = after;
    sse.statuses = [];
    sse.source = new EventSource(`${gateway.url}/v1/stream?${query}`, {
      fetch: async (url, init) => {
        const response = await fetch(url, { ...init, headers: { ...all, ...init.headers } });
        sse.statuses.push(response.status);
        return response;
      },
    });
    closeAtEnd(sse);
    sse.source.onerror = () => {};
    for (const kind of kinds) sse.source.addEventListener(kind, (event) => sse.take(kind, event));
    return sse;
  }

  take(kind, event) {
    if (event.lastEventId) this.cursor = event.lastEventId;
    if (kind === 'end') this.ended = true;
    else this.records.push(JSON.parse(event.data));
  }

  opened() {
    return waitFor(() => this.source.readyState === EventSource.OPEN, 'the event source to open');
  }

  close() {
    this.source.close();
  }
}

const eventKinds = ['reading', 'command', 'device', 'alarm', 'loss', 'system', 'gap', 'end'];

/** Chunked NDJSON through fetch(). */
export class Ndjson extends Collector {
  static async open(gateway, query = '', { role = 'viewer' } = {}) {
    const stream = new Ndjson();
    stream.heartbeats = 0;
    stream.abort = new AbortController();
    closeAtEnd(stream);
    stream.response = await gateway.fetch(`/v1/stream?${query}`, {
      role,
      headers: { accept: 'application/x-ndjson' },
      signal: stream.abort.signal,
    });
    stream.done = stream.response.ok ? stream.read() : Promise.resolve();
    return stream;
  }

  async read() {
    let rest = '';
    try {
      for await (const text of this.response.body.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        for (const line of lines) this.take(line);
      }
      this.ended = true;
    } catch (error) {
      if (error.name !== 'AbortError') this.error = error;
    }
  }

  take(line) {
    if (line === '') this.heartbeats += 1;
    else this.records.push(JSON.parse(line));
  }

  async close() {
    this.abort.abort();
    await this.done;
  }
}

/** WebSocket through the npm package ws; `messages` has everything, `records` what came in `records` messages. */
export class Ws extends Collector {
  /** `compress`: true, or options of permessage-deflate, to offer it. `cbor`: messages are objects all the same. */
  static async open(gateway, query = '', { role = 'viewer', cbor = false, protocol = cbor ? 'weir.v1.cbor' : 'weir.v1.json', headers = {}, tls = {}, compress = false } = {}) {
    const ws = new Ws();
    ws.messages = [];
    ws.cbor = cbor;
    const all = { ...(role && { authorization: `Bearer ${await gateway.token(role)}` }), ...headers };
    ws.socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/v1/stream?${query}`, protocol, { headers: all, perMessageDeflate: compress, ...tls });
    ws.socket.on('upgrade', ({ headers: answered }) => (ws.extensions = answered['sec-websocket-extensions']));
    closeAtEnd(ws);
    ws.socket.on('message', (data, binary) => ws.take(data, binary));
    ws.closed = new Promise((done) => ws.socket.on('close', (code, reason) => done({ code, reason: String(reason) })));
    await new Promise((done, fail) => {
      ws.socket.on('open', done);
      ws.socket.on('unexpected-response', (_, response) => fail(Object.assign(new Error('refused'), { status: response.statusCode })));
      ws.socket.on('error', fail);
    });
    return ws;
  }

  take(data, binary) {
    if (binary !== this.cbor) return void this.messages.push(data);
    const message = binary ? decodeCbor(data) : JSON.parse(data);
    this.messages.push(message);
    if (message.op !== 'records') return;
    this.records.push(...message.records);
    this.cursor = message.cursor;
  }

  /** Bytes that came over the wire since the beginning. */
  get received() {
    return this.socket._socket.bytesRead;
  }

  send(message) {
    if (this.cbor) this.socket.send(encodeCbor(message));
    else this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The first message, past or to come, for which `condition` holds. */
  message(condition, timeoutMs) {
    return waitFor(() => this.messages.find(condition), `a WebSocket message like ${condition}`, timeoutMs);
  }

  async close() {
    this.socket.close();
    return this.closed;
  }
}
