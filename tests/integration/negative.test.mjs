// What a hostile page or client can send, byte for byte, and what it gets: a status and a detail that names the fault, or
// the end of the connection. Nothing of it may upgrade, act or answer 2xx.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { page, startGateway } from './harness.mjs';
import { exchange } from './harness/raw.mjs';

let gateway;
const tokens = {};

before(async () => {
  gateway = await startGateway();
  for (const role of ['viewer', 'operator', 'admin', 'ingest']) tokens[role] = await gateway.token(role);
});

const own = 'Host: localhost';
const head = (first, ...lines) => `${[first, ...lines].join('\r\n')}\r\n\r\n`;
const get = (target, ...lines) => head(`GET ${target} HTTP/1.1`, own, ...lines);
const auth = (role = 'viewer') => `Authorization: Bearer {${role}}`;
const body = (method, target, text, ...lines) =>
  `${head(`${method} ${target} HTTP/1.1`, own, `Content-Length: ${Buffer.byteLength(text)}`, 'Content-Type: application/json', ...lines)}${text}`;
const upgrade = (...lines) =>
  head('GET /v1/stream HTTP/1.1', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...lines);
const version = 'Sec-WebSocket-Version: 13';
const closed = 'closed';

// name, bytes ({role}: its token), status or `closed`, what the detail says
const cases = [
  // Host: DNS rebinding
  ['a foreign Host', head('GET /v1/devices HTTP/1.1', 'Host: evil.example', auth()), 421, /server\.hosts/],
  ['a foreign Host and its own Origin', head('GET /v1/devices HTTP/1.1', 'Host: evil.example', 'Origin: http://evil.example', auth()), 421, /server\.hosts/],
  ['a foreign Host with a port', head('GET /healthz HTTP/1.1', 'Host: evil.example:8080'), 421, /server\.hosts/],
  ['a foreign Host on the page', head('GET / HTTP/1.1', 'Host: evil.example'), 421, /server\.hosts/],
  ['a foreign Host at sign-in', head('POST /v1/session HTTP/1.1', 'Host: evil.example', 'Content-Length: 0'), 421, /server\.hosts/],
  ['a Host that begins like ours', head('GET /healthz HTTP/1.1', 'Host: localhost.evil.example'), 421, /server\.hosts/],
  ['a Host that ends like an address', head('GET /healthz HTTP/1.1', 'Host: 127.0.0.1.evil.example'), 421, /server\.hosts/],
  ['a Host with a user', head('GET /healthz HTTP/1.1', 'Host: localhost@evil.example'), 421, /server\.hosts/],
  ['a Host with a port that is none', head('GET /healthz HTTP/1.1', 'Host: localhost:80x'), 421, /server\.hosts/],
  ['two Hosts', head('GET /healthz HTTP/1.1', own, 'Host: evil.example'), 421, /server\.hosts/],
  ['a half address', head('GET /healthz HTTP/1.1', 'Host: [::1'), 421, /server\.hosts/],
  ['no Host', head('GET /healthz HTTP/1.1', 'X-Nothing: 1'), 400, /Host/],
  // Origin
  ['a foreign Origin on a stream', get('/v1/stream', 'Accept: text/event-stream', 'Origin: http://evil.example', auth()), 403, /Origin/],
  ['a foreign Origin on a page', get('/v1/devices', 'Origin: http://evil.example', auth()), 403, /Origin/],
  ['the origin null', get('/v1/devices', 'Origin: null', auth()), 403, /Origin/],
  ['our name with another scheme', get('/v1/devices', 'Origin: https://localhost', auth()), 403, /Origin/],
  ['our name with another port', get('/v1/devices', 'Origin: http://localhost:81', auth()), 403, /Origin/],
  ['an origin that begins like ours', get('/v1/devices', 'Origin: http://localhost.evil.example', auth()), 403, /Origin/],
  ['a write from a foreign page', body('POST', '/v1/readings', '[]', 'Origin: http://evil.example', auth('ingest')), 403, /[Oo]rigin/],
  ['a command from a foreign page', body('POST', '/v1/devices/d/commands', '{"name":"x"}', 'Origin: http://evil.example', auth('operator')), 403, /[Oo]rigin/],
  ['a sign-in from a foreign page', body('POST', '/v1/session', '{"code":"1234-5678"}', 'Origin: http://evil.example'), 403, /origin/],
  ['a sign-out from a foreign page', head('DELETE /v1/session HTTP/1.1', own, 'Origin: http://evil.example'), 403, /origin/],
  ['a cross-site sign-in without an Origin', body('POST', '/v1/session', '{"code":"1234-5678"}', 'Sec-Fetch-Site: cross-site'), 403, /origin/],
  // WebSocket
  ['a WebSocket of a foreign page', upgrade(own, version, 'Origin: http://evil.example', auth()), 403, /Origin/],
  ['a WebSocket of a rebound name', upgrade('Host: evil.example', version, 'Origin: http://evil.example', auth()), 421, /server\.hosts/],
  ['a WebSocket of the origin null', upgrade(own, version, 'Origin: null', auth()), 403, /Origin/],
  ['a WebSocket without a credential', upgrade(own, version), 401, /Bearer/],
  ['a WebSocket with another role', upgrade(own, version, auth('ingest')), 403, /may not/],
  ['a WebSocket with a ticket that was never made', upgrade(own, version, 'Sec-WebSocket-Protocol: weir.v1.json, ticket.abcdef'), 401, /Bearer/],
  ['a WebSocket with an empty ticket', upgrade(own, version, 'Sec-WebSocket-Protocol: weir.v1.json, ticket.'), 401, /Bearer/],
  ['a WebSocket with its token in the URL', head('GET /v1/stream?token={viewer} HTTP/1.1', own, 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', version), 400, /token/],
  ['a WebSocket with a ticket in the URL', head('GET /v1/stream?ticket=abc HTTP/1.1', own, 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', version), 400, /ticket/],
  ['a WebSocket elsewhere', head('GET /v1/devices HTTP/1.1', own, 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', version, auth()), 404, /v1\/stream/],
  ['an upgrade to h2c', head('GET /v1/stream HTTP/1.1', own, 'Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAAQAAP__', auth()), 'refused'],
  ['an upgrade to what nobody knows', head('GET /v1/stream HTTP/1.1', own, 'Upgrade: foo', 'Connection: Upgrade', auth()), 'refused'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'refused'],
  // Secrets in URLs
  ['a token in the URL', get('/v1/devices?token={viewer}'), 400, /token/],
  ['an access_token in the URL', get('/v1/stream?access_token={viewer}'), 400, /access_token/],
  ['a token in the URL beside a good one', get('/v1/devices?token=x', auth()), 400, /token/],
  ['a token in the URL of a public route', get('/healthz?token=x'), 400, /token/],
  // Credentials
  ['no credential', get('/v1/devices'), 401, /Bearer/],
  ['a token that was never made', get('/v1/devices', `Authorization: Bearer weir_${'a'.repeat(52)}`), 401, /Bearer/],
  ['Basic', get('/v1/devices', 'Authorization: Basic YTpi'), 401, /Bearer/],
  ['an empty token', get('/v1/devices', 'Authorization: Bearer '), 401, /Bearer/],
  ['two tokens', get('/v1/devices', auth(), auth('operator')), 401, /Bearer/],
  ['a cookie that was never made', get('/v1/devices', 'Cookie: weir_session=abc'), 401, /Bearer/],
  ['the audit for an operator', get('/v1/audit', auth('operator')), 403, /may not/],
  ['the audit for a viewer', get('/v1/audit', auth('viewer')), 403, /may not/],
  ['readings of a viewer', body('POST', '/v1/readings', '[]', auth('viewer')), 403, /may not/],
  // Parameters
  ['an unknown parameter of devices', get('/v1/devices?colour=blue', auth()), 400, /colour/],
  ['an unknown parameter of commands', get('/v1/commands?colour=blue', auth()), 400, /colour.*device, state/],
  ['an unknown parameter of health', get('/healthz?colour=blue'), 400, /colour/],
  ['an unknown parameter of metrics', get('/metrics?colour=blue', auth()), 400, /colour/],
  ['an unknown parameter of a push', body('POST', '/v1/readings?colour=blue', '[]', auth('ingest')), 400, /colour/],
  ['an unknown parameter of the audit', get('/v1/audit?colour=blue', auth('admin')), 400, /colour/],
  ['a parameter twice', get('/v1/commands?state=sent&state=queued', auth()), 400, /twice/],
  ['a bad page of the audit', get('/v1/audit?limit=0', auth('admin')), 400, /limit/],
  ['both directions of the audit', get('/v1/audit?after=1&before=2', auth('admin')), 400, /before/],
  // Bodies and framing
  ['a chunked body', `${head('POST /v1/readings HTTP/1.1', own, auth('ingest'), 'Transfer-Encoding: chunked')}0\r\n\r\n`, 411, /Content-Length/],
  ['a body of no stated length', head('POST /v1/readings HTTP/1.1', own, auth('ingest')), 411, /Content-Length/],
  ['a negative length', head('POST /v1/readings HTTP/1.1', own, auth('ingest'), 'Content-Length: -1'), 400, /[Ll]ength/],
  ['a length with a sign', head('POST /v1/readings HTTP/1.1', own, auth('ingest'), 'Content-Length: +5'), 400, /[Ll]ength/],
  ['two lengths', head('POST /v1/readings HTTP/1.1', own, auth('ingest'), 'Content-Length: 2', 'Content-Length: 3'), 400, /[Ll]ength/],
  ['a length in hexadecimal', head('POST /v1/readings HTTP/1.1', own, auth('ingest'), 'Content-Length: 0x10'), 400, /[Ll]ength/],
  ['a length beyond 64 bits', head('POST /v1/readings HTTP/1.1', own, auth('ingest'), 'Content-Length: 99999999999999999999999'), 400, /[Ll]ength/],
  ['a length and chunks', head('POST /v1/readings HTTP/1.1', own, auth('ingest'), 'Content-Length: 3', 'Transfer-Encoding: chunked'), 411, /Content-Length/],
  ['a body over 1 MiB', head('POST /v1/readings HTTP/1.1', own, auth('ingest'), 'Content-Length: 1048577'), 413, /1048576/],
  ['a body over 1 MiB of a stranger', head('POST /v1/session HTTP/1.1', own, 'Content-Length: 1048577'), 413, /1048576/],
  ['a body of 99 GB', head('POST /v1/readings HTTP/1.1', own, auth('ingest'), 'Content-Length: 99999999999'), 413, /1048576/],
  // Heads
  ['a head over 8 KiB', get('/healthz', `X-Long: ${'y'.repeat(9500)}`), 431, /8192/],
  ['a URL over 8 KiB', get(`/v1/devices?${'a'.repeat(9500)}`, auth()), 431, /8192/],
  ['a head over 8 KiB of small lines', get('/healthz', ...Array.from({ length: 340 }, (_, i) => `X-${i}: ${'y'.repeat(20)}`)), 431, /8192/],
  ['a cookie over 8 KiB', get('/v1/devices', `Cookie: weir_session=${'c'.repeat(9500)}`), 431, /8192/],
  ['a NUL in the path', get('/v1/devices/%00', auth()), 'refused'],
  ['a NUL in a parameter', get('/v1/stream?after=%00', auth()), 'refused'],
  ['a head over 32 KiB', get('/healthz', `X-Long: ${'y'.repeat(32_000)}`), 'refused'],
  ['a path out of the root', get('/../../etc/passwd'), 'refused'],
  ['an encoded path out of the root', get('/%2e%2e/%2e%2e/etc/passwd'), 'refused'],
  ['an unknown path', get('/v1/nothing', auth()), 404, /path/],
  ['an unknown method', head('BREW / HTTP/1.1', own), 'refused'],
  ['CONNECT', head('CONNECT evil.example:443 HTTP/1.1', own), 'refused'],
  ['TRACE', head('TRACE / HTTP/1.1', own), 'refused'],
  ['a wrong method', head('PUT /v1/readings HTTP/1.1', own, auth('ingest'), 'Content-Length: 0'), 405, /POST/],
  ['TLS on a port without', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 'refused'],
  ['a line that is no request', 'HELLO\r\n\r\n', 'refused'],
  ['a request split by a bare LF in a value', get('/healthz', 'X-A: b\nSet-Cookie: weir_session=x; HTTP/1.1 200 OK'), 'no echo'],
];

test('there are at least 60 cases', () => assert.ok(cases.length >= 60, String(cases.length)));

for (const [name, bytes, expected, detail] of cases) {
  test(`${name}: ${expected}`, async () => {
    const request = bytes.replace(/\{(viewer|operator|admin|ingest)\}/g, (_, role) => tokens[role]);
    const { status, problem, text } = await exchange(gateway.port, request);
    if (expected === 'no echo') return assert.doesNotMatch(text, /set-cookie/i);
    if (expected === closed) return assert.equal(text, '');
    if (expected === 'refused') return assert.ok(status === null || status >= 400, text);
    assert.equal(status, expected, text);
    assert.equal(problem.status, expected);
    assert.match(problem.detail, detail);
    for (const token of Object.values(tokens)) assert.ok(!text.includes(token), 'a token comes back');
  });
}

test('after all of it the gateway serves, and nothing was done', async () => {
  assert.deepEqual((await page(gateway, 'after=earliest')).records, []);
  assert.ok((await gateway.fetch('/healthz')).ok);
});

test('its addresses, localhost and its own name are known to it', async () => {
  const { hostname } = await import('node:os');
  for (const host of ['127.0.0.1', `127.0.0.1:${gateway.port}`, '[::1]:80', 'LOCALHOST', 'localhost.', 'dash.localhost', hostname(), `${hostname()}.local`]) {
    assert.equal((await exchange(gateway.port, head('GET /healthz HTTP/1.1', `Host: ${host}`))).status, 200, host);
  }
});

test('every page says what it may load, and is shown in no frame', async () => {
  const response = await gateway.fetch('/', { role: null });
  const policy = response.headers.get('content-security-policy');
  for (const part of ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) assert.ok(policy.includes(part), part);
  assert.doesNotMatch(policy, /unsafe-|\*/);
  assert.equal(response.headers.get('referrer-policy'), 'no-referrer');
  for (const path of ['/', '/v1/devices', '/healthz', '/openapi.json']) {
    assert.equal((await gateway.fetch(path)).headers.get('x-content-type-options'), 'nosniff', path);
  }
});
