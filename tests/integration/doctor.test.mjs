// weir doctor: each thing that it looks at, sound and not.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { freePort, mqttToml, run, serialToml, startGateway, startMosquitto, startNode, temporaryFolder } from './harness.mjs';

async function examine(gateway) {
  const { code, stdout, stderr } = await gateway.weir('doctor', '--json');
  assert.equal(stderr, '');
  const { faults, warnings, findings } = JSON.parse(stdout);
  assert.equal(code, faults === 0 ? 0 : 1);
  assert.equal(findings.filter(({ state }) => state === 'fault').length, faults);
  assert.equal(findings.filter(({ state }) => state === 'warning').length, warnings);
  for (const { state, name, what, remedy } of findings) assert.ok(what && (state !== 'fault' || remedy || name === 'configuration'), `${name}: ${what}`);
  const of = (name) => findings.find((finding) => finding.name === name);
  return { code, findings, of, state: (name) => of(name)?.state };
}

test('a computer on which all is well: every line ok, exit 0, also while the gateway runs', async () => {
  const broker = await startMosquitto();
  const node = await startNode({ serial: 'pty', id: 'bench-1', rate: 1 });
  const gateway = await startGateway({ toml: mqttToml(broker) + serialToml(await node.path()) });
  const { code, findings, state } = await examine(gateway);
  assert.equal(code, 0, JSON.stringify(findings));
  for (const name of ['configuration', 'data_dir', 'space', 'log', 'listen', 'tls', 'libwebsockets', 'serial bench', 'mqtt field'])
    assert.equal(state(name), 'ok', `${name}: ${JSON.stringify(findings)}`);
  const { stdout } = await gateway.weir('doctor');
  assert.match(stdout, /^ok {7}data_dir: \//m);
  assert.match(stdout, /^0 faults, \d+ warnings\n$/m);
  assert.ok((await gateway.fetch('/healthz')).ok);
});

test('it changes nothing: before the first start there is nothing after it', async () => {
  const gateway = await startGateway({ server: 'tls = "auto"', start: false });
  const { code, of } = await examine(gateway);
  assert.equal(code, 0);
  assert.match(of('data_dir').what, /is not there; the first start makes it/);
  assert.match(of('log').what, /the first start makes it/);
  assert.match(of('tls').what, /made at the first start/);
  assert.equal((await run('ls', [join(gateway.folder, 'data')])).code, 2);
});

test('a configuration with faults names each, and nothing of it is believed', async () => {
  const gateway = await startGateway({ server: 'conections_max = 1', start: false });
  const { code, findings, state } = await examine(gateway);
  assert.equal(code, 1);
  assert.match(findings[0].what, /weir\.toml:\d+:\d+: server\.conections_max: .*connections_max/);
  assert.equal(state('data_dir'), undefined);
});

test('a broker that is not there, a port that is not there, a log that is none', async () => {
  const gone = { url: `mqtt://127.0.0.1:${await freePort()}` };
  const gateway = await startGateway({ toml: mqttToml(gone) + serialToml('/dev/ttyWeirAbsent'), start: false });
  mkdirSync(join(gateway.folder, 'data'));
  writeFileSync(join(gateway.folder, 'data/weir.db'), 'rubbish that is no database');
  const { code, of } = await examine(gateway);
  assert.equal(code, 1);
  assert.match(of('mqtt field').what, /refused by 127\.0\.0\.1:\d+: no broker listens there/);
  assert.match(of('serial bench').what, /\/dev\/ttyWeirAbsent is not there/);
  assert.match(of('log').what, /is no log/);
  for (const name of ['mqtt field', 'serial bench', 'log']) assert.equal(of(name).state, 'fault');
});

test('a data folder that others may write, or that is a file', async () => {
  const gateway = await startGateway({ start: false });
  const data = join(gateway.folder, 'data');
  mkdirSync(data);
  chmodSync(data, 0o777);
  assert.deepEqual([(await examine(gateway)).of('data_dir')].map(({ state, remedy }) => [state, remedy]), [['warning', 'chmod 700 it']]);
  const file = await startGateway({ start: false });
  writeFileSync(join(file.folder, 'data'), '');
  assert.equal((await examine(file)).state('data_dir'), 'fault');
});

test('too little space, too few files', async () => {
  const gateway = await startGateway({ server: 'connections_max = 1000000', toml: '[log]\nsize_max = "1000000MB"\n', start: false });
  const { of } = await examine(gateway);
  assert.equal(of('space').state, 'warning');
  assert.match(of('space').remedy, /log\.size_max/);
  const limited = await run('sh', ['-c', `ulimit -n 1000; exec "$0" doctor --json --config ${gateway.config}`, join(process.cwd(), process.env.WEIR_BIN ?? 'build/release/bin', 'weir')]);
  const files = JSON.parse(limited.stdout).findings.find(({ name }) => name === 'open_files');
  assert.deepEqual([files.state, files.what], ['warning', '1000 are allowed here; connections_max needs 1000320']);
});

test('certificates: sound with their fingerprint, soon over, over, and not of their key', async () => {
  const folder = temporaryFolder();
  const issue = async (name, ...when) => {
    const made = await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-subj', '/CN=x', ...when, '-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)]);
    assert.equal(made.code, 0, made.stderr);
  };
  const look = async (certificate, key) => {
    const gateway = await startGateway({ server: `tls = { certificate = "${folder}/${certificate}.pem", key = "${folder}/${key}.key" }`, start: false });
    return (await examine(gateway)).of('tls');
  };
  await issue('good', '-days', '365');
  await issue('soon', '-days', '10');
  const good = await look('good', 'good');
  const { stdout } = await run('openssl', ['x509', '-in', join(folder, 'good.pem'), '-noout', '-fingerprint', '-sha256']);
  assert.equal(good.state, 'ok');
  assert.ok(good.what.includes(stdout.trim().split('=')[1]), good.what);
  const soon = await look('soon', 'soon');
  assert.deepEqual([soon.state, /it ends in (9|10) days$/.test(soon.what)], ['warning', true], soon.what);
  const mixed = await look('good', 'soon');
  assert.deepEqual([mixed.state, /soon\.key: is not the key of .*good\.pem/.test(mixed.what)], ['fault', true], mixed.what);

  await run('openssl', ['req', '-new', '-key', join(folder, 'good.key'), '-subj', '/CN=x', '-out', join(folder, 'request')]);
  const past = await run('openssl', ['x509', '-req', '-in', join(folder, 'request'), '-key', join(folder, 'good.key'), '-days', '-1', '-out', join(folder, 'past.pem')]);
  symlinkSync(join(folder, 'good.key'), join(folder, 'past.key'));
  assert.equal(past.code, 0, past.stderr);
  assert.match((await look('past', 'past')).what, /it ended on \d{4}-\d\d-\d\d; renew it/);
});

test('who lets others in without TLS is warned', async () => {
  const gateway = await startGateway({ server: 'insecure = true', start: false });
  writeFileSync(gateway.config, readFileSync(gateway.config, 'utf8').replace('127.0.0.1:', '0.0.0.0:'));
  const { of } = await examine(gateway);
  assert.deepEqual([of('listen').state, of('tls').state], ['warning', 'warning']);
  assert.match(of('listen').what, /everybody on every network of this computer, NO TLS/);
});
