// TLS: on beyond this computer, what it speaks, and certificates that change while it runs.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { get, request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { connect } from 'node:tls';
import WebSocket from 'ws';
import { bin, patience, run, startGateway, temporaryFolder, waitFor } from './harness.mjs';

const certificate = (gateway) => readFileSync(gateway.certificate ?? join(gateway.folder, 'data/tls/certificate.pem'));

/** GET over TLS, trusting only the gateway's own certificate. */
function fetchTls(gateway, path, headers = {}, options = {}) {
  return new Promise((done, fail) => {
    const asked = get(`https://127.0.0.1:${gateway.port}${path}`, { ca: certificate(gateway), headers, agent: false, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text)).on('end', () => done({ status: response.statusCode, body }));
    });
    asked.on('error', fail);
  });
}

async function start(tls = 'tls = "auto"') {
  const gateway = await startGateway({ server: tls, until: null });
  await ready(gateway);
  return gateway;
}

const ready = (gateway) =>
  waitFor(async () => (gateway.child.assertRunning(), (await handshake(gateway)).protocol), 'the gateway over TLS', 15_000);

/** A handshake with whatever stands there: what it came to. */
function handshake(gateway, options = {}) {
  return new Promise((done, fail) => {
    const socket = connect({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => {
      done({
        protocol: socket.getProtocol(),
        cipher: socket.getCipher().standardName,
        alpn: socket.alpnProtocol,
        fingerprint: socket.getPeerCertificate().fingerprint256,
        group: socket.getEphemeralKeyInfo().name,
        chain: socket.getPeerCertificate(true).issuerCertificate?.fingerprint256,
      });
      socket.destroy();
    });
    socket.on('error', fail);
  });
}

async function openssl(...words) {
  const { code, stderr } = await run('openssl', words);
  assert.equal(code, 0, stderr);
}

/** A certificate of the operator's, in place of what is there, as tools that renew them do. */
async function issue(folder, name, kind = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']) {
  const fresh = (file) => join(folder, `${file}.new`);
  await openssl('req', '-x509', '-newkey', ...kind, '-noenc', '-days', '30', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1',
    '-keyout', fresh('key.pem'), '-out', fresh('certificate.pem'));
  for (const file of ['certificate.pem', 'key.pem']) renameSync(fresh(file), join(folder, file));
  return new X509Certificate(readFileSync(join(folder, 'certificate.pem'))).fingerprint256;
}

async function startWithFiles() {
  const folder = temporaryFolder();
  const first = await issue(folder, 'first', ['rsa:2048']);
  const gateway = await start(`tls = { certificate = "${folder}/certificate.pem", key = "${folder}/key.pem" }`);
  return Object.assign(gateway, { certificate: join(folder, 'certificate.pem'), files: folder, first });
}

const shown = (gateway, fingerprint) =>
  waitFor(async () => (await handshake(gateway)).fingerprint === fingerprint, `the certificate ${fingerprint}`);

test('pages and WebSockets over TLS, verified against the certificate made at the first start', async () => {
  const gateway = await start();
  const authorization = `Bearer ${await gateway.token()}`;
  const { status, body } = await fetchTls(gateway, '/v1/stream?kinds=*', { authorization });
  assert.equal(status, 200);
  assert.equal(JSON.parse(body).records[0].event, 'started');

  const socket = new WebSocket(`wss://127.0.0.1:${gateway.port}/v1/stream?kinds=*&after=earliest`, 'weir.v1.json', {
    ca: certificate(gateway),
    headers: { authorization },
  });
  const message = await new Promise((done, fail) => socket.on('message', (data) => done(JSON.parse(data))).on('error', fail));
  socket.terminate();
  assert.equal(message.records[0].event, 'started');
  assert.equal((await fetchTls(gateway, '/v1/stream')).status, 401);
});

test('whoever listens beyond this computer and says nothing of TLS gets it', async () => {
  const gateway = await startGateway({ start: false });
  const toml = readFileSync(gateway.config, 'utf8').replace('127.0.0.1:', '0.0.0.0:');
  writeFileSync(gateway.config, toml);
  const checked = await run(join(bin, 'weir'), ['check', gateway.config]);
  assert.match(checked.stdout, /^https:\/\/0\.0\.0\.0:.*TLS with a certificate of its own$/m);
  await gateway.start({ until: null });
  await ready(gateway);
  assert.equal((await fetchTls(gateway, '/healthz')).status, 200);

  writeFileSync(gateway.config, toml.replace('[server]', '[server]\ntls = "off"'));
  const refused = await gateway.weir('run');
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /server\.listen\[0\]: others can reach .*, and there is no TLS; remove tls = "off", or set insecure = true/);
});

test('the certificate stays over a restart, and its fingerprint is in the log', async () => {
  const gateway = await start();
  const before = certificate(gateway);
  const fingerprint = gateway.log.match(/fingerprint ([0-9A-F:]+)/)[1];
  assert.equal((await handshake(gateway)).fingerprint, fingerprint);
  await gateway.restart({ until: null });
  await ready(gateway);
  assert.deepEqual(certificate(gateway), before);
  assert.ok(gateway.log.includes(fingerprint));

  // Where it is compared: beside the code that is typed behind it, and in the status.
  const paired = JSON.parse((await gateway.weir('pair', '--json')).stdout);
  assert.equal(paired.fingerprint, fingerprint);
  assert.match((await gateway.weir('pair')).stderr, new RegExp(`SHA-256 fingerprint first: ${fingerprint}`));
  const authorization = `Bearer ${await gateway.token()}`;
  const { tls } = JSON.parse((await fetchTls(gateway, '/v1/status', { authorization })).body);
  assert.deepEqual([tls.fingerprint, tls.expires], [fingerprint, '2049-12-31T23:59:59Z']);
  assert.match((await fetchTls(gateway, '/metrics', { authorization })).body, /^weir_server_certificate_expires_seconds 2524607999$/m);
});

test('what it speaks: TLS 1.2 and 1.3 with forward secrecy, HTTP/1.1, nothing in the clear and nothing that is broken', async () => {
  const gateway = await start();
  await assert.rejects(fetch(`http://127.0.0.1:${gateway.port}/healthz`));

  assert.deepEqual([await handshake(gateway)].map(({ protocol, group }) => [protocol, group]), [['TLSv1.3', 'X25519']]);
  const old = await handshake(gateway, { maxVersion: 'TLSv1.2' });
  assert.match(`${old.protocol} ${old.cipher}`, /^TLSv1\.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256$/);
  assert.match((await handshake(gateway, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256' })).cipher, /CHACHA20/);

  for (const version of ['TLSv1', 'TLSv1.1'])
    await assert.rejects(handshake(gateway, { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' }), /alert protocol version/, version);
  for (const ciphers of ['AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES128-SHA256', 'ECDHE-ECDSA-AES256-CCM8', 'DHE-RSA-AES128-GCM-SHA256', 'AECDH-AES128-SHA', 'ECDHE-ECDSA-NULL-SHA'])
    await assert.rejects(handshake(gateway, { maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` }), /alert handshake failure/, ciphers);

  assert.equal((await handshake(gateway, { ALPNProtocols: ['h2', 'http/1.1'] })).alpn, 'http/1.1');
  const h2 = await handshake(gateway, { ALPNProtocols: ['h2'] }).catch((error) => error);
  assert.ok(!h2.alpn, `h2 alone: ${h2.alpn}`);
});

test('no renegotiation, no compression, no resumption', async () => {
  const gateway = await start();
  const client = (input, ...words) => run('sh', ['-c', `(sleep 0.5; printf '${input}'; sleep 0.5) | openssl s_client -connect 127.0.0.1:${gateway.port} ${words.join(' ')} 2>&1`]);
  const renegotiated = (await client('R\\n', '-tls1_2')).stdout;
  assert.match(renegotiated, /RENEGOTIATING[\s\S]*no renegotiation/);
  assert.match(renegotiated, /Compression: NONE/);
  assert.doesNotMatch(renegotiated, /TLS session ticket:/);
  assert.doesNotMatch((await client('Q\\n', '-tls1_3')).stdout, /New Session Ticket|TLS session ticket:/);
  assert.match((await client('Q\\n', '-tls1_2', '-reconnect')).stdout, /^(?![\s\S]*Reused, TLS)[\s\S]*New, TLS/);
});

test('a handshake that is not finished is ended after 5 s', { timeout: 30_000 * patience }, async () => {
  const gateway = await start();
  const began = Date.now();
  const silent = connectTcp(gateway.port, '127.0.0.1');
  const slow = connectTcp(gateway.port, '127.0.0.1', () => slow.write(Buffer.from('160301', 'hex')));
  await Promise.all([silent, slow].map((socket) => new Promise((done) => socket.on('error', () => {}).on('close', done))));
  const took = Date.now() - began;
  assert.ok(took > 3500 && took < 8000 * patience, `${took} ms`);
  assert.equal((await fetchTls(gateway, '/healthz')).status, 200);
});

test("the operator's files are taken when they change; connections that stand go on", async () => {
  const gateway = await startWithFiles();
  assert.equal((await handshake(gateway)).fingerprint, gateway.first);
  const socket = new WebSocket(`wss://127.0.0.1:${gateway.port}/v1/stream?kinds=reading`, 'weir.v1.json', {
    ca: certificate(gateway),
    headers: { authorization: `Bearer ${await gateway.token()}` },
  });
  await new Promise((done, fail) => socket.on('open', done).on('error', fail));

  // Another kind of key: nothing of the pair before may be offered any more.
  const second = await issue(gateway.files, 'second');
  await shown(gateway, second);
  await assert.rejects(handshake(gateway, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }), /alert handshake failure/);
  const pong = new Promise((done) => socket.on('pong', done));
  socket.ping();
  await pong;
  socket.terminate();
});

test('a new pair that cannot be used is refused with a line that says why, and the one before stays', async () => {
  const gateway = await startWithFiles();
  const { first, files } = gateway;
  const key = readFileSync(join(files, 'key.pem'));
  const other = temporaryFolder();
  await issue(other, 'other');

  const broken = async (write, says) => {
    const from = gateway.log.length;
    write();
    const line = await waitFor(() => gateway.log.slice(from).split('\n').find((text) => says.test(text)), `a line like ${says}`);
    assert.match(line, /the certificate from before stays in use/);
    assert.equal((await handshake(gateway)).fingerprint, first);
  };
  await broken(() => writeFileSync(join(files, 'key.pem'), readFileSync(join(other, 'key.pem'))), /key\.pem: is not the key of .*certificate\.pem/);
  await broken(() => writeFileSync(join(files, 'key.pem'), key.subarray(0, 200)), /key\.pem: has no private key/);
  await broken(() => writeFileSync(join(files, 'certificate.pem'), 'rubbish'), /certificate\.pem: has no certificate/);
  await broken(() => renameSync(join(files, 'certificate.pem'), join(files, 'gone.pem')), /certificate\.pem: No such file/);
  await shown(gateway, (await issue(files, 'mended')));
});

test('SIGHUP reads the files at once, also where the configuration has a fault', async () => {
  const gateway = await startWithFiles();
  writeFileSync(gateway.config, 'rubbish');
  const reads = () => gateway.log.match(/TLS with /g).length;
  const before = reads();
  gateway.child.signal('SIGHUP');
  await waitFor(() => reads() > before, 'the files to be read again');
  assert.equal((await handshake(gateway)).fingerprint, gateway.first);
});

test('a start with a pair that cannot be used says which file and why', async () => {
  const folder = temporaryFolder(), other = temporaryFolder();
  await issue(folder, 'a');
  await issue(other, 'b');
  const gateway = await startGateway({ server: `tls = { certificate = "${folder}/certificate.pem", key = "${other}/key.pem" }`, start: false });
  const { code, stderr } = await gateway.weir('run');
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`server.tls: ${other}/key.pem: is not the key of ${folder}/certificate.pem`));
});

// ---- Client certificates

/** An authority and certificates that it signs: `{ca, client(name)}`, each client `{cert, key}`. */
async function authority(name) {
  const folder = temporaryFolder();
  const at = (file) => join(folder, file);
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];
  await openssl('req', '-x509', ...ec, '-days', '30', '-subj', `/CN=${name}`, '-keyout', at('ca.key'), '-out', at('ca.pem'));
  const client = async (common) => {
    await openssl('req', ...ec, '-subj', `/O=Plant/CN=${common}`, '-keyout', at('key'), '-out', at('request'));
    await openssl('x509', '-req', '-in', at('request'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '30', '-out', at('cert'));
    return { cert: readFileSync(at('cert')), key: readFileSync(at('key')) };
  };
  return { ca: at('ca.pem'), client };
}

const roles = '[[server.client_certificate]]\ncommon_name = "scada"\nrole = "viewer"\n[[server.client_certificate]]\ncommon_name = "plc"\nrole = "ingest"\n';

async function startForMachines(plant, more = '') {
  const gateway = await startGateway({ server: `tls = "auto"\nclient_ca = "${plant.ca}"\n${more}`, toml: roles, until: null });
  await waitFor(() => gateway.log.includes('TLS with'), 'the listener');
  return gateway;
}

test('a machine signs in by its certificate, with the role of its name', async () => {
  const plant = await authority('Plant CA');
  const gateway = await startForMachines(plant);
  const scada = await plant.client('scada'), plc = await plant.client('plc'), stranger = await plant.client('stranger');
  await waitFor(async () => (await fetchTls(gateway, '/healthz')).status === 200, 'the gateway');

  assert.deepEqual(JSON.parse((await fetchTls(gateway, '/v1/session', {}, scada)).body).name, 'certificate:scada');
  assert.equal((await fetchTls(gateway, '/v1/devices', {}, scada)).status, 200);
  assert.equal((await fetchTls(gateway, '/v1/devices', {}, plc)).status, 403);
  assert.equal((await fetchTls(gateway, '/v1/devices', {}, stranger)).status, 401, 'signed, but nobody that is known');
  assert.equal((await fetchTls(gateway, '/v1/devices')).status, 401, 'no certificate');
  const authorization = `Bearer ${await gateway.token()}`;
  assert.equal((await fetchTls(gateway, '/v1/devices', { authorization }, stranger)).status, 200, 'a token all the same');
  assert.equal((await fetchTls(gateway, '/v1/devices', { authorization }, plc)).status, 200, 'a token comes first');
  assert.equal((await fetchTls(gateway, '/v1/devices', { authorization: 'Bearer wrong' }, scada)).status, 401);

  const socket = new WebSocket(`wss://127.0.0.1:${gateway.port}/v1/stream?kinds=*&after=earliest`, 'weir.v1.json', { ca: certificate(gateway), ...scada });
  const message = await new Promise((done, fail) => socket.on('message', (data) => done(JSON.parse(data))).on('error', fail));
  socket.terminate();
  assert.equal(message.records[0].event, 'started');
});

test('machines write, and pages of others do not, though the browser shows the certificate by itself', async () => {
  const plant = await authority('Plant CA');
  const gateway = await startForMachines(plant);
  const plc = await plant.client('plc');
  await waitFor(async () => (await fetchTls(gateway, '/healthz')).status === 200, 'the gateway');
  const body = '{"device":"boiler-1","metric":"temperature","value":60}';
  const push = (headers) => new Promise((done, fail) => {
    const options = { method: 'POST', ca: certificate(gateway), agent: false, ...plc, headers: { 'content-type': 'application/json', 'content-length': body.length, ...headers } };
    const sent = request(`https://127.0.0.1:${gateway.port}/v1/readings`, options, (response) => response.resume().on('end', () => done(response.statusCode)));
    sent.on('error', fail).end(body);
  });
  assert.equal(await push({}), 200);
  assert.equal(await push({ origin: 'https://evil.example' }), 403);
  assert.equal(await push({ 'sec-fetch-site': 'cross-site' }), 403);
});

test('a certificate of another authority ends the handshake; one that is required and missing does too', async () => {
  const plant = await authority('Plant CA'), other = await authority('Plant CA');
  const gateway = await startForMachines(plant, 'client_certificate_required = true');
  const scada = await plant.client('scada'), forged = await other.client('scada');
  await waitFor(async () => (await fetchTls(gateway, '/v1/devices', {}, scada)).status === 200, 'the gateway');
  await assert.rejects(fetchTls(gateway, '/v1/devices', {}, forged), /alert|socket hang up|ECONNRESET/);
  await assert.rejects(fetchTls(gateway, '/healthz'), /alert|socket hang up|ECONNRESET/);
  // Another authority in its place: from the next handshake on.
  writeFileSync(plant.ca, readFileSync(other.ca));
  await waitFor(async () => (await fetchTls(gateway, '/v1/devices', {}, forged)).status === 200, 'the new authority');
  await assert.rejects(fetchTls(gateway, '/v1/devices', {}, scada), /alert|socket hang up|ECONNRESET/);
});
