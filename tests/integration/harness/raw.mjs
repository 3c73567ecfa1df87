// HTTP by hand: bytes out, and what comes back.
import { createConnection } from 'node:net';

/** Sends `bytes` and waits for the head and body of one answer, or the end. `status` is null where there was none. */
export function exchange(port, bytes, { host = '127.0.0.1', timeout = 20_000 } = {}) {
  return new Promise((done, fail) => {
    let text = '';
    const socket = createConnection({ host, port }, () => socket.write(Buffer.from(bytes, 'latin1')));
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      done(parsed(text));
    };
    const timer = setTimeout(() => (socket.destroy(), fail(new Error(`no end after ${timeout} ms: ${text}`))), timeout);
    socket.setEncoding('latin1');
    socket.on('data', (more) => {
      text += more;
      if (complete(text)) end();
    });
    socket.on('close', end);
    socket.on('error', () => {});
  });
}

function complete(text) {
  const at = text.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, at + 2));
  return at >= 0 && length && text.length >= at + 4 + Number(length[1]);
}

function parsed(text) {
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(text);
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  return { text, status: status && Number(status[1]), problem: /application\/problem\+json/.test(text) ? JSON.parse(body) : null };
}
