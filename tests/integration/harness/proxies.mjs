// nginx and HAProxy with the very configurations of gateway/docs/proxies.md, but for ports and files.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, freePort, listening, root, run, temporaryFolder, waitFor } from './process.mjs';

const text = readFileSync(join(root, 'gateway/docs/proxies.md'), 'utf8');
const blocks = (language) => [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1]);
const [toml] = blocks('toml');

/** Replaces what has to be there: a page that has changed must not pass for tested. */
export function replace(text, from, to) {
  if (!text.includes(from)) throw new Error(`gateway/docs/proxies.md: "${from}" is not in\n${text}`);
  return text.replaceAll(from, () => to);
}

/** The lines for [server] that the page shows, for the origin of this proxy. */
export const originsToml = (origin) => replace(replace(toml, '[server]\n', ''), 'https://gateway.example', origin);

class Nginx {
  blocks = blocks('nginx');
  port = 'listen 80;';
  at = (port) => `listen 127.0.0.1:${port};`;
  tls = (lines, port, { certificate, key }) =>
    replace(replace(replace(lines, 'listen 443', `listen 127.0.0.1:${port}`), '/etc/ssl/private/gateway.example.key', key), '/etc/ssl/gateway.example.pem', certificate);
  gzip = (server, lines) => lines + server;

  /** One process, so that the end of its pid is the end of it; what it writes stays in its folder. */
  whole = (server, folder) => `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
events {}
http {
access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${folder}/${each};`).join('\n')}
${server}}
`;
  child = (file, folder) => new Child('/usr/sbin/nginx', ['-p', folder, '-e', 'stderr', '-c', file], { title: 'nginx' });
}

class Haproxy {
  blocks = blocks('haproxy');
  port = 'bind :80';
  at = (port) => `bind 127.0.0.1:${port}`;
  tls = (line, port, { both }) => replace(replace(line, 'bind :443', `bind 127.0.0.1:${port}`), '/etc/haproxy/gateway.example.pem', both);
  gzip = (config, lines) => config + lines; // the backend comes last
  whole = (config) => config;
  child = (file) => new Child('/usr/sbin/haproxy', ['-db', '-f', file], { title: 'haproxy' });
}

const kinds = { nginx: new Nginx(), haproxy: new Haproxy() };

class Proxy {
  constructor(kind, url, port, folder, file) {
    Object.assign(this, { kind, url, port, folder, file });
  }

  async start() {
    this.child = this.kind.child(this.file, this.folder);
    await waitFor(() => (this.child.assertRunning(), listening(this.port)), `${this.child.title} on port ${this.port}`);
    return this;
  }

  async stop() {
    return this.child.end('SIGTERM');
  }

  /** The gateway as clients of this proxy see it: for the collectors, `fetch` and `get`. */
  to(gateway) {
    return Object.create(gateway, { url: { value: this.url } });
  }
}

/** A key and a certificate of its own for 127.0.0.1, as two files and as one. */
async function makeCertificate(folder) {
  const [key, certificate, both] = ['key', 'certificate', 'both'].map((name) => join(folder, `${name}.pem`));
  const options = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1';
  const { code, stderr } = await run('openssl', ['req', ...options.split(' '), '-keyout', key, '-out', certificate]);
  if (code !== 0) throw new Error(`openssl: ${stderr}`);
  writeFileSync(both, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
  return { key, certificate, both };
}

/**
 * `name`: nginx or haproxy. `prefix`, `tls`, `gzip` choose among the blocks of the page; `change` may alter the configuration further.
 * `port`: of the proxy; `gatewayPort`: where the gateway is or will be.
 */
export async function startProxy(name, gatewayPort, { prefix = false, tls = false, gzip = false, port, change = (config) => config } = {}) {
  const kind = kinds[name];
  const [plain, prefixed, tlsLines, gzipLines] = kind.blocks;
  const folder = temporaryFolder();
  port ??= await freePort();
  const listen = tls ? kind.tls(tlsLines, port, await makeCertificate(folder)) : kind.at(port);
  let config = replace(replace(prefix ? prefixed : plain, kind.port, listen), '127.0.0.1:8080', `127.0.0.1:${gatewayPort}`);
  if (gzip) config = kind.gzip(config, gzipLines);
  const file = join(folder, `${name}.conf`);
  writeFileSync(file, kind.whole(change(config), folder));
  return new Proxy(kind, `${tls ? 'https' : 'http'}://127.0.0.1:${port}${prefix ? '/weir' : ''}`, port, folder, file).start();
}
