// The dashboard in a real browser, behind a proxy that ends TLS and keeps it under a prefix.
import assert from 'node:assert/strict';
import test from 'node:test';
import { freePort, mqttToml, originsToml, startGateway, startMosquitto, startProxy, waitFor } from '../harness.mjs';
import { newPage, startBrowser } from './chromium.mjs';

const commands = `
  publish = "sensors/{device}/commands"
  replies = "sensors/+/replies"
    [[mqtt.commands.declare]]
    device = "boiler*"
    name = "set"
    args.target = { type = "number", min = 0, max = 90 }
`;

const number = async (row) => Number((await row.locator('.value b').textContent()).replace(/,/g, ''));

async function startDevice(broker) {
  const client = await broker.client();
  client.on('message', (_, body) => client.publish('sensors/boiler-1/replies', JSON.stringify({ id: JSON.parse(body).id, ok: true })));
  await client.subscribeAsync('sensors/boiler-1/commands', { qos: 1 });
  let temperature = 20;
  setInterval(() => client.publish('json/boiler-1', JSON.stringify({ temperature: (temperature += 1) })), 200).unref();
}

for (const name of ['nginx', 'haproxy']) {
  test(`${name}: the dashboard is at home under https://…/weir/`, async (t) => {
    const port = await freePort();
    const broker = await startMosquitto();
    await startDevice(broker);
    const gateway = await startGateway({ server: originsToml(`https://127.0.0.1:${port}`), toml: mqttToml(broker, { commands }) });
    const proxy = await startProxy(name, gateway.port, { prefix: true, tls: true, gzip: true, port });
    const page = await newPage(await startBrowser(), { ignoreHTTPSErrors: true });
    const row = page.locator('[data-device="boiler-1"] [data-metric=temperature]');
    const risen = async () => {
      const first = await number(row);
      await waitFor(async () => (await number(row)) > first, 'the value to rise');
    };

    await t.test('a link with the code signs in, and values move', async () => {
      const { stdout } = await gateway.weir('pair');
      await page.goto(`${proxy.url}/#code=${stdout.match(/\d{4}-\d{4}/)[0]}`);
      await row.waitFor();
      await risen();
    });

    await t.test('the session belongs to this prefix, and to https', async () => {
      const cookies = await page.context().cookies(`${proxy.url}/v1/devices`);
      assert.deepEqual(cookies.map(({ name, path, secure, httpOnly }) => ({ name, path, secure, httpOnly })),
        [{ name: 'weir_session', path: '/weir/v1', secure: true, httpOnly: true }]);
      assert.deepEqual(await page.context().cookies(`https://127.0.0.1:${port}/other/v1/devices`), []);
    });

    await t.test('a reload finds everything again', async () => {
      await page.reload();
      await row.waitFor();
      await risen();
    });

    await t.test('history and its file', async () => {
      await row.click();
      await page.locator('[data-range=hour]').click();
      await waitFor(async () => Number(await page.locator('[data-readings]').getAttribute('data-readings')) > 0, 'readings');
      const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download as CSV' }).click()]);
      assert.equal(file.suggestedFilename(), 'boiler-1-temperature.csv');
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({ state: 'detached' });
    });

    await t.test('a command succeeds', async () => {
      await page.getByRole('link', { name: 'Commands for boiler-1' }).click();
      await page.locator('[id="set.target"]').fill('42');
      await page.locator('[data-command=set]').getByRole('button', { name: 'Send' }).click();
      await page.locator('[data-command=set] .entry[data-state=succeeded]').waitFor();
      await page.keyboard.press('Escape');
    });

    await t.test('a WebSocket of the page, relative to it', async () => {
      const first = await page.evaluate(() => new Promise((done, fail) => {
        const socket = new WebSocket('v1/stream?snapshot=1', 'weir.v1.json');
        socket.onmessage = ({ data }) => (socket.close(), done(JSON.parse(data)));
        socket.onclose = ({ code }) => fail(new Error(`closed with ${code}`));
      }));
      assert.equal(first.records[0].device, 'boiler-1');
    });

    await t.test('until here: no complaint on the console, every request below the prefix', () => {
      assert.deepEqual(page.complaints, []);
      assert.deepEqual(page.requests.filter((url) => !url.startsWith(`${proxy.url}/`)), []);
    });

    await t.test('it comes back after the gateway was away, though the proxy answered for it', async () => {
      await gateway.stop();
      await page.getByText('No link to the gateway since').waitFor();
      await waitFor(() => page.complaints.some((text) => /50[234]/.test(text)), 'an answer of the proxy', 30_000);
      await gateway.start();
      await page.locator('[data-link=up]').waitFor({ timeout: 30_000 });
      await risen();
    });

    await t.test('and after the proxy was', async () => {
      await proxy.stop();
      await page.getByText('No link to the gateway since').waitFor();
      await proxy.start();
      await page.locator('[data-link=up]').waitFor({ timeout: 30_000 });
      await risen();
    });

    await t.test('sign out ends it', async () => {
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      assert.deepEqual(await page.context().cookies(`${proxy.url}/v1/devices`), []);
    });
  });
}
