// ./dev run: everything starts, values arrive, Ctrl-C stops all of it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { Child, freePort, root, temporaryFolder, waitFor } from './harness.mjs';

test('./dev run prints a dashboard whose code signs in, shows three devices with moving values, and ends at Ctrl-C', async () => {
  const env = { WEIR_RUN_PORT: String(await freePort()), WEIR_RUN_FOLDER: temporaryFolder() };
  const dev = new Child(join(root, 'dev'), ['run'], { title: './dev run', env });
  const [, url, code] = await waitFor(() => (dev.assertRunning(), dev.stdout.match(/(http:\S+)\/#code=(\d{4}-\d{4})/)), 'the address', 120_000);
  const [, brokerPort] = dev.stdout.match(/mqtt:\/\/127\.0\.0\.1:(\d+)/);

  const headers = { 'content-type': 'application/json', origin: url };
  const session = await fetch(`${url}/v1/session`, { method: 'POST', headers, body: JSON.stringify({ code }) });
  assert.ok(session.ok, `${session.status}`);
  const cookie = session.headers.get('set-cookie').split(';')[0];
  const get = async (path) => (await fetch(url + path, { headers: { cookie } })).json();
  await waitFor(async () => (await get('/v1/devices')).devices.length >= 3, 'three devices');
  const { cursor } = await get('/v1/stream');
  const { records } = await waitFor(async () => {
    const page = await get(`/v1/stream?after=${cursor}`);
    return new Set(page.records.map(({ device }) => device)).size === 3 && page;
  }, 'new values of all three');
  assert.ok(records.every(({ value }) => value !== undefined));

  const ended = await dev.end('SIGINT');
  assert.equal(ended.code, 0, dev.tail());
  await assert.rejects(fetch(`${url}/healthz`));
  await assert.rejects(fetch(`http://127.0.0.1:${brokerPort}`));
});
