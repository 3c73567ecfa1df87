// Faults of the configuration: all at once, with place and remedy, exit 2.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { bin, run, startGateway, temporaryFolder } from './harness.mjs';

const faulty = `data_dir = 7
[server]
listen = ["127.0.0.1:99999"]
orgins = []
[log]
durability = "sometimes"
size_max = "many"
age_max = "30"
[[mqtt]]
name = "field"
url = "http://127.0.0.1"
version = "4"
  [[mqtt.subscribe]]
  filter = "a/#/b"
  qos = 2
  device = "{3}"
  decode = "xml"
[[serial]]
name = "field"
port = "/dev/ttyUSB0"
baud = -1
framing = "paper"
decode = "wire"
`;
const keys = ['data_dir', 'listen', 'orgins', 'durability', 'size_max', 'age_max', 'url', 'version', 'filter', 'qos', 'decode', 'baud', 'framing'];

function write(text) {
  const file = join(temporaryFolder(), 'weir.toml');
  writeFileSync(file, text);
  return file;
}

for (const command of [['check'], ['run', '--config']]) {
  test(`weir ${command.join(' ')}: every fault at once with file, line, column, key and remedy; exit 2`, async () => {
    const file = write(faulty);
    const { code, stdout, stderr } = await run(join(bin, 'weir'), [...command, file]);
    const said = `${stdout}${stderr}`;
    assert.equal(code, 2, said);
    for (const key of keys) assert.match(said, new RegExp(`weir\\.toml:\\d+:\\d+: .*\\b${key}\\b.*: .+; .+`), key);
    assert.match(said, /orgins.*origins/, 'the nearest known key');
  });
}

test('text that is no TOML, a file that is not there, an unknown option: exit 2, and where', async () => {
  for (const args of [['check', write('[server\n')], ['check', '/nowhere/weir.toml'], ['run'], ['run', '--colour'], ['dance']]) {
    const { code, stderr, stdout } = await run(join(bin, 'weir'), args);
    assert.equal(code, 2, args.join(' '));
    assert.ok(stderr.trim() || stdout.trim());
  }
});

test('an address beyond loopback has TLS, unless insecure = true', async () => {
  const silent = await run(join(bin, 'weir'), ['check', write('[server]\nlisten = ["0.0.0.0:8080"]\n')]);
  assert.equal(silent.code, 0);
  assert.match(silent.stdout, /^https:\/\/0\.0\.0\.0:8080/m);
  const open = await run(join(bin, 'weir'), ['check', write('[server]\nlisten = ["0.0.0.0:8080"]\ntls = "off"\n')]);
  assert.equal(open.code, 2);
  assert.match(open.stdout + open.stderr, /insecure|tls/);
  const meant = await run(join(bin, 'weir'), ['check', write('[server]\nlisten = ["0.0.0.0:8080"]\ninsecure = true\n')]);
  assert.equal(meant.code, 0, meant.stdout + meant.stderr);
  assert.match(meant.stdout, /0\.0\.0\.0:8080/);
});

test('weir check says what would listen where; --print-config masks secrets; schema is JSON', async () => {
  process.env.WEIR_TEST_SECRET = 'hunter2';
  const file = write('[[mqtt]]\nname = "f"\nurl = "mqtt://127.0.0.1:1883"\nusername = "u"\npassword = { env = "WEIR_TEST_SECRET" }\n  [[mqtt.subscribe]]\n  filter = "a/+"\n  device = "{1}"\n  metric = "m"\n  decode = "value"\n');
  const check = await run(join(bin, 'weir'), ['check', file]);
  assert.equal(check.code, 0, check.stdout + check.stderr);
  assert.match(check.stdout, /127\.0\.0\.1:8080/);
  const printed = await run(join(bin, 'weir'), ['run', '--config', file, '--print-config']);
  assert.equal(printed.code, 0, printed.stderr);
  assert.ok(!printed.stdout.includes('hunter2'));
  const { stdout } = await run(join(bin, 'weir'), ['schema']);
  assert.equal(JSON.parse(stdout).type, 'object');
});

test('--version and --help everywhere', async () => {
  for (const program of ['weir', 'weir-node']) {
    for (const option of ['--version', '--help']) {
      const { code, stdout } = await run(join(bin, program), [option]);
      assert.equal(code, 0, `${program} ${option}`);
      assert.ok(stdout.length > 3);
    }
  }
});

test('a port that is taken is said, exit 1', async () => {
  const first = await startGateway();
  const second = await startGateway({ port: first.port, start: false });
  const { code, stderr } = await run(join(bin, 'weir'), ['run', '--config', second.config]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, new RegExp(String(first.port)));
});
