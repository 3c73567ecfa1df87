// The dashboard in a real browser, served by the real gateway, with a device behind a real broker.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { mqttToml, root, startGateway, startMosquitto, waitFor } from '../harness.mjs';
import { newPage, overflow, startBrowser } from './chromium.mjs';

const commands = `
  publish = "sensors/{device}/commands"
  replies = "sensors/+/replies"
    [[mqtt.commands.declare]]
    device = "boiler*"
    name = "set"
    args.target = { type = "number", min = 0, max = 90, unit = "Cel" }
    state_metric = "target"
    [[mqtt.commands.declare]]
    device = "boiler*"
    name = "drain"
    dangerous = true
`;
let gateway, browser, page, device, talk, temperatures;

before(async () => {
  const broker = await startMosquitto();
  gateway = await startGateway({ toml: mqttToml(broker, { commands }) });
  talk = await broker.client();
  device = await startDevice(talk);
  browser = await startBrowser();
  page = await newPage(browser);
});

/** boiler-1: a temperature that rises by 0.25 five times a second, and a target that `set` changes. */
async function startDevice(client) {
  const self = { told: [], target: 60, temperature: 20, talks: true };
  const publish = (topic, body) => client.publish(topic, JSON.stringify(body));
  client.on('message', (_, payload) => {
    const { id, name, args } = JSON.parse(payload);
    self.told.push({ name, args });
    if (name === 'set') self.target = args.target;
    publish('sensors/boiler-1/replies', { id, ok: true, result: { target: self.target } });
  });
  await client.subscribeAsync('sensors/boiler-1/commands', { qos: 1 });
  const timer = setInterval(() => {
    if (!self.talks) return;
    self.temperature += 0.25;
    publish('json/boiler-1', { temperature: self.temperature, target: self.target, burner: true, mode: 'heating' });
  }, 200);
  timer.unref();
  return self;
}

async function signInLink() {
  const { stdout } = await gateway.weir('pair');
  return `${gateway.url}/#code=${stdout.match(/\d{4}-\d{4}/)[0]}`;
}

const row = (metric) => page.locator(`[data-device="boiler-1"] [data-metric="${metric}"]`);
const number = async (locator) => Number((await locator.locator('.value b').textContent()).replace(/,/g, ''));
const closeSheet = async () => {
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
};

test('a wrong code is explained, and the page without a session shows no data', async () => {
  const other = await newPage(browser);
  await other.goto(gateway.url);
  await other.fill('#code', '00000000');
  await other.click('button[type=submit]');
  await other.getByText('This code is wrong').waitFor();
  assert.equal(await other.inputValue('#code'), '0000-0000');
  assert.equal(await other.locator('[data-device]').count(), 0);
  await other.context().close();
});

test('a link with the one-time code signs in, and the code leaves the address', async () => {
  await page.goto(await signInLink());
  await row('temperature').waitFor();
  assert.ok(!page.url().includes('code'), page.url());
  assert.equal(await page.locator('[data-link]').getAttribute('data-link'), 'up');
});

test('a value has its age, its device a state and a reader, and it moves by itself', async () => {
  const first = await number(row('temperature'));
  assert.ok(first > 20);
  await waitFor(async () => (await number(row('temperature'))) > first, 'the temperature to rise');
  assert.equal(await row('temperature').locator('.age').textContent(), 'now');
  assert.match(await page.locator('[data-device="boiler-1"] .card-head').textContent(), /(Online|Discovered).*via field/);
  assert.equal((await row('mode').locator('.value').textContent()).trim(), 'heating');
  assert.equal((await row('burner').locator('.value').textContent()).trim(), 'true');
});

test('the age counts up and the value is called late when the device falls silent', async () => {
  device.talks = false;
  await waitFor(async () => /[6-9] s ago/.test(await row('temperature').locator('.age').textContent()), 'the age to count');
  await row('temperature').getByText('Late').waitFor();
  device.talks = true;
  await row('temperature').getByText('now').waitFor();
});

test('search leaves what matches', async () => {
  await page.fill('input[type=search]', 'targ');
  await row('temperature').waitFor({ state: 'detached' });
  assert.equal(await row('target').count(), 1);
  await page.fill('input[type=search]', 'no such thing');
  await page.getByText('Nothing matches').waitFor();
  await page.fill('input[type=search]', '');
});

test('a tap opens the chart with points from the log, and new ones follow', async () => {
  await page.reload();
  await row('temperature').click();
  const first = await waitFor(async () => (await points()) > 20 && points(), 'points of before the page was loaded');
  await waitFor(async () => (await points()) > first, 'a new point');
  await waitFor(inked, 'the curve to be drawn');
  assert.ok((await overflow(page)) <= 0);
  await closeSheet();
});

const points = async () => Number(await page.locator('[data-points]').getAttribute('data-points'));

/** Whether the canvas has pixels in the curve's colour. */
const inked = () =>
  page.locator('.plot canvas').evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) if (data[at] === 11 && data[at + 1] === 110 && data[at + 2] === 143 && data[at + 3] === 255) return true;
    return false;
  });

test('a series that has fallen silent shows its history too', async () => {
  const readings = exampleReadings();
  const response = await gateway.fetch('/v1/readings', { role: 'ingest', json: readings });
  assert.ok(response.ok, await response.text());
  await page.locator('[data-device=greenhouse] [data-metric=temperature]').click();
  temperatures = readings.filter(({ device, metric }) => device === 'greenhouse' && metric === 'temperature').length;
  await waitFor(async () => (await points()) === temperatures, `${temperatures} points`);
  await waitFor(inked, 'the curve to be drawn');
  await closeSheet();
});

test('history by hour and day: a curve with its band, facts, and a file', async () => {
  await page.locator('[data-device=greenhouse] [data-metric=temperature]').click();
  const readings = () => page.locator('[data-readings]').getAttribute('data-readings').then(Number);
  for (const range of ['hour', 'day', 'week', 'month', 'year']) {
    await page.locator(`[data-range=${range}]`).click();
    await waitFor(async () => (await readings()) === temperatures, `${temperatures} readings in the ${range}`);
    assert.equal(await page.locator('[aria-pressed=true]').getAttribute('data-range'), range);
  }
  await page.locator('[data-range=hour]').click();
  await waitFor(inked, 'the curve to be drawn');
  assert.match(await page.locator('.plot').getAttribute('aria-label'), /^temperature: \d+ points, from 2\d.* °C to 2\d.* °C$/);
  assert.ok((await overflow(page)) <= 0);
  assert.deepEqual(await lowTargets(), []);
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download as CSV' }).click()]);
  assert.equal(file.suggestedFilename(), 'greenhouse-temperature.csv');
  await closeSheet();
});

test('a gap of the history is told with its reason', async () => {
  const from = new Date(Date.now() - 40 * 60_000).toISOString();
  const to = new Date(Date.now() - 30 * 60_000).toISOString();
  await page.route('**/v1/history*', async (route) => {
    const answer = await route.fetch();
    route.fulfill({ json: { ...(await answer.json()), gaps: [{ from, to, reason: 'full', lost: 17 }] } });
  });
  await page.locator('[data-device=greenhouse] [data-metric=temperature]').click();
  await page.locator('[data-range=hour]').click();
  assert.match(await page.locator('.gaps [data-reason=full]').textContent(), /No room · 17 lost/);
  await page.unroute('**/v1/history*');
  await closeSheet();
});

test('what was lost is told, and why', async () => {
  assert.equal(await page.locator('[data-losses]').getAttribute('data-losses'), '0');
  await page.locator('[data-losses]').click();
  await page.getByText('Nothing was lost').waitFor();
  await closeSheet();
  await talk.publishAsync('sensors/boiler-1/temperature', Buffer.from([0xff, 0xfe]), { qos: 1 });
  await waitFor(async () => (await gateway.get('/v1/losses')).total === 1, 'the loss');
  await page.reload();
  await page.getByText('1 lost in the last day').click();
  const entry = page.locator('.entry[data-reason=undecodable]');
  await entry.waitFor();
  assert.match(await entry.textContent(), /Not understood.*1 lost/);
  assert.deepEqual(await lowTargets(), []);
  await closeSheet();
});

/** Quarter of an hour of two more devices, with units. */
function exampleReadings() {
  const metrics = [
    ['greenhouse', 'temperature', 'Cel', (t) => 23 + 3 * Math.sin(t / 200) + Math.random() / 5],
    ['greenhouse', 'humidity', '%RH', (t) => 61 + 4 * Math.cos(t / 300)],
    ['greenhouse', 'light', 'lx', (t) => 12_000 + 40 * t],
    ['pump-7', 'flow', 'm3/h', (t) => 12.5 + Math.sin(t / 60)],
    ['pump-7', 'pressure', 'Pa', (t) => 152_000 + 900 * Math.sin(t / 90)],
  ];
  const seconds = Array.from({ length: 300 }, (_, index) => index * 3 - 900);
  return seconds.filter((s) => s < -300 || s > -220).flatMap((s) => metrics.map(([device, metric, unit, value]) => (
    { device, metric, unit, value: Math.round(value(s) * 100) / 100, time: new Date(Date.now() + s * 1000).toISOString() })));
}

test('text has its latest values instead of a curve', async () => {
  await row('mode').click();
  await page.locator('.texts').getByText('heating').first().waitFor();
  await closeSheet();
});

test('a command is checked, sent, and its success is seen', async () => {
  await page.getByRole('link', { name: 'Commands for boiler-1' }).click();
  const form = page.locator('[data-command=set]');
  await form.getByText('Current').waitFor();
  await page.locator('[id="set.target"]').fill('95');
  await form.getByRole('button', { name: 'Send' }).click();
  await form.locator('.problem', { hasText: '0 to 90' }).waitFor();
  assert.equal(device.told.length, 0);

  await page.locator('[id="set.target"]').fill('72.5');
  await form.getByRole('button', { name: 'Send' }).click();
  const entry = form.locator('.entry[data-state=succeeded]');
  await entry.waitFor();
  assert.match(await entry.textContent(), /set target = 72\.5.*Done.*\d\.\d s.*72\.5/);
  assert.deepEqual(device.told, [{ name: 'set', args: { target: 72.5 } }]);
  await form.locator('.current', { hasText: '72.5' }).waitFor();
});

test('a dangerous command needs its name typed', async () => {
  const form = page.locator('[data-command=drain]');
  const send = form.getByRole('button', { name: 'Send' });
  assert.ok(await send.isDisabled());
  await form.locator('[data-confirm]').fill('drain');
  await send.click();
  await form.locator('.entry[data-state=succeeded]').waitFor();
  assert.ok(await send.isDisabled(), 'the next one needs it again');
  assert.equal(device.told.at(-1).name, 'drain');
  await closeSheet();
});

test('a viewer sees the commands, disabled, with the reason', async () => {
  await page.route('**/v1/session', (answer) => answer.fulfill({ json: { name: 'session:test', role: 'viewer' } }));
  await page.goto(`${gateway.url}/#/commands/boiler-1`);
  await page.reload();
  await page.getByText('operator role').waitFor();
  assert.ok(await page.locator('[id="set.target"]').isDisabled());
  await page.unroute('**/v1/session');
  await closeSheet();
  await page.reload();
});

test('Korean by a switch that is remembered, and by the browser’s language', async () => {
  await page.getByRole('button', { name: '한국어' }).click();
  await page.getByText('실시간').waitFor();
  await page.reload();
  await page.getByText('실시간').waitFor();
  assert.equal(await page.getAttribute('html', 'lang'), 'ko');
  await page.getByRole('button', { name: 'English' }).click();
  const other = await newPage(browser, { locale: 'ko-KR' });
  await other.goto(gateway.url);
  await other.getByRole('heading', { name: '로그인' }).waitFor();
  await other.context().close();
});

test('nothing overflows 360 px, and every target is 44 px high', async () => {
  await row('temperature').waitFor();
  assert.ok((await overflow(page)) <= 0);
  assert.deepEqual(await lowTargets(), []);
  await page.getByRole('link', { name: 'Commands for boiler-1' }).click();
  await page.locator('[id="set.target"]').waitFor();
  assert.ok((await overflow(page)) <= 0);
  assert.deepEqual(await lowTargets(), []);
  await closeSheet();
});

/** What a finger would miss. */
const lowTargets = () =>
  page.$$eval('button, a, input, select', (all) => all.filter((each) => each.offsetHeight < 44).map((each) => each.outerHTML));

test('the keyboard reaches a value, opens its chart and comes back to it', async () => {
  await row('temperature').focus();
  await page.keyboard.press('Enter');
  await page.locator('dialog[open]').waitFor();
  await closeSheet();
  assert.equal(await page.evaluate(() => document.activeElement.dataset.metric), 'temperature');
});

test('screenshots for the README', { skip: !process.env.WEIR_SCREENSHOTS && 'WEIR_SCREENSHOTS=1 writes them' }, async () => {
  await page.locator('[data-device=greenhouse] [data-metric=temperature]').click();
  await waitFor(async () => (await points()) > 100 && inked(), 'the curve');
  const phone = await page.screenshot();
  await closeSheet();
  const wide = await newPage(browser, { width: 860, height: 740 });
  await wide.goto(await signInLink());
  await wide.locator('[data-device=greenhouse] [data-metric=temperature]').waitFor();
  const pictures = [await wide.screenshot(), phone].map((png) => `<img src="data:image/png;base64,${png.toString('base64')}">`);
  await wide.goto('about:blank'); // the gateway's pages allow no inline style
  await wide.setViewportSize({ width: 1300, height: 790 });
  await wide.setContent(`<style>body { margin: 25px; display: flex; gap: 30px; background: #dfe6eb } img { border-radius: 10px }</style>${pictures.join('')}`);
  await wide.screenshot({ path: join(root, 'gateway/docs/dashboard.png') });
  await wide.context().close();
});

test('until here: no complaint on the console, no request to anybody else', () => {
  assert.deepEqual(page.complaints, []);
  assert.deepEqual(page.requests.filter((url) => !url.startsWith(gateway.url)), []);
});

test('when the gateway stops the page says so and keeps the last values; when it is back, so is the page', async () => {
  await gateway.stop();
  await page.getByText('No link to the gateway since').waitFor();
  const last = await number(row('temperature'));
  await row('temperature').getByText('Last known').waitFor();
  assert.ok(last > 20);

  await gateway.start();
  await page.locator('[data-link=up]').waitFor({ timeout: 30_000 });
  await waitFor(async () => (await number(row('temperature'))) > last, 'new values');
  assert.equal(await page.getByText('Last known').count(), 0);
});

test('sign out ends it: the page, and the session', async () => {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal(await page.evaluate(async () => (await fetch('v1/devices')).status), 401);
});

test('whoever comes first chooses a name and a pass phrase, and signs in by them from then on', async () => {
  const fresh = await startGateway();
  const visitor = await newPage(browser);
  await visitor.goto(`${fresh.url}/`);
  await visitor.getByLabel('One-time code').fill((await fresh.weir('pair')).stdout.trim());
  await visitor.getByRole('button', { name: 'Sign in' }).click();
  await visitor.getByRole('button', { name: 'Choose a name and a pass phrase' }).click();
  await visitor.getByLabel('Name').fill('ada');
  await visitor.getByLabel('Pass phrase').fill('too short');
  assert.ok(await visitor.locator('button.primary').isDisabled());
  await visitor.getByLabel('Pass phrase').fill('a long enough phrase');
  assert.ok((await overflow(visitor)) <= 0);
  await visitor.locator('button.primary').click();
  await visitor.getByRole('button', { name: 'Sign out' }).click();

  await visitor.getByRole('button', { name: 'With a name and a pass phrase' }).click();
  await visitor.getByLabel('Name').fill('ada');
  await visitor.getByLabel('Pass phrase').fill('another long phrase');
  await visitor.locator('button.primary').click();
  await visitor.getByText('The name or the pass phrase is wrong.').waitFor();
  await visitor.getByLabel('Pass phrase').fill('a long enough phrase');
  const signedIn = async () => {
    if ((await visitor.locator('[data-link=up]').count()) > 0) return true;
    await visitor.locator('button.primary').click({ timeout: 500 }).catch(() => {}); // again, when the wait after a wrong one is over
    return false;
  };
  await waitFor(signedIn, 'the right pass phrase to be taken');
  assert.equal(await visitor.getByText('Nobody can sign in by name yet.').count(), 0);
});
