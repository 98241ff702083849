// The console on a live feed: frames between scans, the feed's numbers, the state of the feed, a ladder and a tape that move.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, column, openPanel, rows, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

let stack;
// Scans a minute apart: what changes sooner comes by the feed.
before(async () => {
  stack = await Stack.start({ scanner: { FEED: 'required', SCAN_INTERVAL_SEC: '60', MIN_QVOL_USDT: '1000000' } });
});
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

const badge = (page) => page.locator('[data-feed]');
const gradeOf = async (page) => ((await badge(page).count()) === 0 ? '' : badge(page).getAttribute('data-feed'));
const depth = (page) => page.locator('aside section', { has: page.getByRole('heading', { name: 'Depth', exact: true }) });
const tape = (page) => page.locator('aside section', { has: page.getByRole('heading', { name: 'Tape', exact: true }) });

test('the table follows rankings between two scans, and shows the numbers of the feed', { timeout: 120_000 }, async () => {
  const page = await openPanel(stack, { width: 1700 });
  await waitForRows(page);
  const scans = (await stack.json('/healthz/details')).cycle_count;
  const orders = new Set();
  const flows = new Set();
  await until(async () => {
    orders.add(JSON.stringify(await column(page, 'Score')));
    flows.add(JSON.stringify(await column(page, 'OFI')));
    return orders.size >= 4 && flows.size >= 4;
  }, 'four rankings');
  assert.ok((await stack.json('/healthz/details')).cycle_count <= scans + 1, 'they come between scans');
  for (const label of ['Firm', 'OFI', 'TFI']) {
    await until(async () => Object.values(await column(page, label)).some((text) => /\d/.test(text)), label, 60_000);
  }
  // Minutes between two scans: what is shown is as old as its inputs, and no older than it says.
  assert.equal(await page.locator('[data-notice="stale"]').count(), 0);
  assert.match(await page.locator('.link').innerText(), /Live/);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a number that is missing is a dash that says why', { timeout: 60_000 }, async () => {
  const page = await openPanel(stack, { width: 1700 });
  await waitForRows(page);
  await page.getByRole('button', { name: 'Columns' }).click();
  // Never more than a handful of trades in a test.
  await page.getByRole('checkbox', { name: /^Impact/ }).check();
  await page.keyboard.press('Escape');
  const cell = rows(page).first().locator('td[title*="30 trades"], td[title*="not live"]');
  await cell.first().waitFor();
  assert.equal((await cell.first().innerText()).trim(), '–');
  await page.context().close();
});

test('the bar says how the feed does: green, red while it is down, green again', { timeout: 180_000 }, async () => {
  const page = await openPanel(stack, { path: '#/BTC-USDT' });
  await waitForRows(page);
  await until(async () => (await gradeOf(page)) === 'good', 'well', 60_000);
  assert.match(await badge(page).innerText(), /60\/60/);
  assert.match(await badge(page).getAttribute('title'), /2 of 2 connections live/);
  await stack.faults(['ws-disconnect:rate=1', 'ws-refuse:status=503']);
  await until(async () => (await gradeOf(page)) === 'bad', 'down', 60_000);
  assert.match(await page.locator('[data-notice="feed"].bad').innerText(), /required/);
  await badge(page).click();
  const sheet = page.getByRole('dialog', { name: 'System health' });
  await sheet.getByRole('heading', { name: 'Live feed' }).waitFor();
  await until(async () => /waiting|connecting/.test(await sheet.innerText()), 'the state of its connections');
  await page.keyboard.press('Escape');
  await stack.faults([]);
  await until(async () => (await gradeOf(page)) === 'good', 'well again', 90_000);
  assert.equal(await page.locator('[data-notice="feed"]').count(), 0);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
