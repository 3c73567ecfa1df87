// What the README shows works: its configuration is accepted, its commands run against a gateway.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { EventSource } from 'eventsource';
import WebSocket from 'ws';
import { Child, bin, root, run, startGateway, temporaryFolder, waitFor } from './harness.mjs';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = (language) => [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1]);
const rows = [...readme.matchAll(/^\| ([^|]+) \| `(curl|new) (.+)` \|$/gm)].map(([, name, word, rest]) => ({ name, word, line: `${word} ${rest}` }));
let gateway, setUp;

before(async () => {
  gateway = await startGateway();
  setUp = blocks('sh')[0].replace('http://127.0.0.1:8080', gateway.url).replace('build/run/weir.toml', gateway.config).replace('build/release/bin', bin);
  const push = () => gateway.fetch('/v1/readings', { role: 'ingest', json: { device: 'boiler-1', metric: 'temperature', value: 60 } });
  await push();
  setInterval(() => push().catch(() => {}), 200).unref();
});

test('the table of deliveries has a line for each', () => assert.equal(rows.length, 8));

test('each curl line shows readings', async (t) => {
  const token = await gateway.addToken('table', 'viewer');
  for (const { name, line } of rows.filter(({ word }) => word === 'curl')) {
    await t.test(name, async () => {
      const child = new Child('sh', ['-c', line.replace('curl ', 'exec curl -s ')], { title: name, env: { WEIR_URL: gateway.url, WEIR_TOKEN: token } });
      await waitFor(() => child.stdout.includes('boiler-1'), `a reading from: ${line}\n${child.stderr}`);
      await child.end();
    });
  }
});

test('the lines before the table make a token that works', async () => {
  const { code, stdout, stderr } = await run('sh', ['-ec', `${setUp}\ncurl -fsS -H "Authorization: Bearer $WEIR_TOKEN" "$WEIR_URL/v1/devices"`]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /boiler-1/);
});

test('each line for the shell does what it says', async () => {
  const inItsFolder = (line) => line.replace('build/run/weir.toml', gateway.config).replace('weir-backup.db', join(gateway.folder, 'weir-backup.db'));
  const lines = blocks('sh')[1].replace('$PWD/build/release/bin', bin).trim().split('\n').map(inItsFolder);
  assert.equal(lines.length, 8);
  const [path, ...commands] = lines;
  const env = { WEIR_URL: gateway.url, WEIR_TOKEN: await gateway.token() };
  const shown = [/ready/, /^time +count/, /^time,value/, /^$/, /the log up to/, /^0 faults/m, /^sound$/m];
  for (const [i, command] of commands.entries()) {
    const { code, stdout, stderr } = await run('sh', ['-ec', `${path}\n${command}`], { env });
    assert.equal(code, 0, `${command}\n${stderr}`);
    assert.match(stdout, shown[i], command);
  }
});

test('the page about streams shows an entity tag', async () => {
  const [, block] = readFileSync(join(root, 'gateway/docs/streams.md'), 'utf8').match(/^```sh\n(.*?)^```/ms);
  const env = { WEIR_URL: gateway.url, WEIR_TOKEN: await gateway.token() };
  const { code, stdout, stderr } = await run('sh', ['-ec', block.replace('page.json', '/dev/null')], { env });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^ETag: "/i);
});

test('each line of JavaScript shows readings', async (t) => {
  const authorization = `Bearer ${await gateway.token()}`;
  // What a page has: addresses relative to it, and its session's cookie (here: a token).
  const inPage = {
    EventSource: class extends EventSource {
      constructor(path) {
        super(gateway.url + path, { fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, authorization } }) });
      }
    },
    WebSocket: class extends WebSocket {
      constructor(path, protocol) {
        super(gateway.url.replace('http', 'ws') + path, protocol, { headers: { authorization } });
      }
    },
  };
  for (const { name, line } of rows.filter(({ word }) => word === 'new')) {
    await t.test(name, async () => {
      const shown = [];
      const opened = [];
      const kept = Object.fromEntries(
        Object.entries(inPage).map(([key, Type]) => [key, class extends Type { constructor(...args) { super(...args); opened.push(this); } }]),
      );
      new Function('console', ...Object.keys(kept), line)({ log: (text) => shown.push(text) }, ...Object.values(kept));
      await waitFor(() => shown.some((text) => text.includes('boiler-1')), `a reading from: ${line}`);
      for (const each of opened) each.close();
    });
  }
});

test('the configuration that it shows has no fault', async () => {
  for (const toml of blocks('toml')) {
    const file = join(temporaryFolder(), 'weir.toml');
    writeFileSync(file, toml);
    const { code, stdout, stderr } = await run(join(bin, 'weir'), ['check', file]);
    assert.equal(code, 0, stdout + stderr);
  }
});

test('every file that it links to is there', () => {
  for (const [, path] of readme.matchAll(/\]\(([^)#:]+)\)/g)) assert.ok(existsSync(join(root, path)), path);
});
