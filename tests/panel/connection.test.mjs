import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, column, openPanel, shownCodes, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

let stack;
before(async () => { stack = await Stack.start(); });
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

const via = (page) => page.locator('.link').getAttribute('data-via');
const phase = (page) => page.locator('.link').getAttribute('data-phase');

test('frames come by WebSocket, with sparklines', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await until(async () => (await via(page)) === 'websocket' && (await phase(page)) === 'live', 'WebSocket');
  await until(() => page.locator('tbody .spark svg').count(), 'sparklines');
  // What only /rankings carries is filled in.
  await until(async () => Object.values(await column(page, 'Volume')).every((text) => text !== '–'), 'volumes');
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('with WebSockets blocked it falls to the event stream, with that blocked too to polling', async () => {
  const noSockets = async (page) => page.addInitScript(() => {
    window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({ code: 1006 })); } close() {} };
  });
  const page = await openPanel(stack, { before: noSockets });
  await waitForRows(page);
  await until(async () => (await via(page)) === 'sse' && (await phase(page)) === 'live', 'event stream');
  assert.match(await page.locator('.link').innerText(), /^Live\s*·\s*\d+ s old$/);
  assert.match(await page.locator('.link').getAttribute('title'), /by event stream/);
  const before = JSON.stringify(await column(page, 'Score'));
  await until(async () => JSON.stringify(await column(page, 'Score')) !== before, 'it goes on');
  await page.context().close();

  const polled = await openPanel(stack, { before: async (made) => {
    await noSockets(made);
    await made.route('**/stream/events*', (route) => route.abort());
  } });
  await waitForRows(polled);
  await until(async () => (await via(polled)) === 'polling' && (await phase(polled)) === 'live', 'polling');
  await polled.context().close();
});

test('a restarted daemon is found again, with everything as it was', async () => {
  const page = await openPanel(stack, { path: '#/BTC-USDT' });
  await waitForRows(page);
  await page.getByRole('searchbox', { name: 'Filter contracts by name' }).fill('btc, eth, sol');
  await page.locator('th', { hasText: 'Score' }).getByRole('button').click();
  await until(async () => (await shownCodes(page)).length <= 3, 'filtered');
  await stack.scanner.stop();
  await page.locator('[data-notice="lost"]').waitFor({ timeout: 20_000 });
  assert.ok((await shownCodes(page)).length > 0, 'what was shown stays');
  await stack.startScanner();
  await until(async () => (await phase(page)) === 'live', 'live again', 40_000);
  await until(async () => (await page.locator('[data-notice="lost"]').count()) === 0, 'the banner goes');
  assert.equal(await page.getByRole('searchbox', { name: 'Filter contracts by name' }).inputValue(), 'btc, eth, sol');
  await page.getByRole('complementary', { name: 'BTC-USDT in full' }).waitFor();
  await until(async () => (await via(page)) === 'websocket', 'the WebSocket again', 40_000);
  await page.context().close();
});

test('a simulated market is said to be one', async () => {
  const page = await openPanel(stack);
  await page.locator('[data-notice="simulated"]').waitFor();
  await page.context().close();
});

test('an exchange that is away and data that grows old are said', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await stack.simulator.stop('SIGKILL');
  await page.locator('[data-notice="exchange"]').waitFor({ timeout: 40_000 });
  await page.locator('[data-notice="stale"]').waitFor({ timeout: 40_000 });
  await until(() => page.locator('tr.old').count(), 'rows are dimmed');
  await stack.startSimulator();
  await until(async () => (await page.locator('[data-notice="stale"]').count()) === 0, 'fresh again', 90_000);
  await page.context().close();
});
