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
  await until(async () => (await page.locator('[data-notice="stale"]').count()) === 0 && /Live/.test(await page.locator('.link').innerText()), 'live');
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a number that is missing is a dash that says why', { timeout: 120_000 }, async () => {
  // They must have been followed for five minutes, which no test lasts.
  const page = await openPanel(stack, { width: 1700, before: (opened) => opened.addInitScript(() => sessionStorage.setItem('market-scanner.view', JSON.stringify({ columns: { desktop: ['rank', 'symbol', 'score', 'liquidations_5m_long_usdt'] } }))) });
  await waitForRows(page);
  const cell = rows(page).first().locator('td[title*="less than 5 min"]');
  await cell.first().waitFor();
  assert.equal((await cell.first().innerText()).trim(), '–');
  await page.context().close();
});

/** Requests for the details of a contract, and what the page was sent by its stream. */
function counts(page) {
  const seen = { inspects: 0, frames: 0 };
  page.on('request', (request) => { if (request.url().includes('/inspect')) ++seen.inspects; });
  page.on('websocket', (socket) => socket.on('framereceived', () => { ++seen.frames; }));
  return seen;
}
/** Nothing is asked for while more rankings come. */
async function staysQuiet(seen) {
  const { inspects, frames } = seen;
  await until(() => seen.frames >= frames + 4, 'more rankings');
  // One that was on its way may still have been counted.
  assert.ok(seen.inspects <= inspects + 1, 'it is not looked at');
}

test('ladder and tape move while the drawer is open, say where they come from, and rest with it', { timeout: 180_000 }, async () => {
  let seen;
  const page = await openPanel(stack, { path: '#/BTC-USDT', before: (made) => { seen = counts(made); } });
  await waitForRows(page);
  await until(async () => (await tape(page).locator('tr[data-trade]').count()) > 0, 'trades', 60_000);
  const [ladders, tops] = [new Set(), new Set()];
  await until(async () => {
    ladders.add(await depth(page).locator('tbody').innerText());
    tops.add(await tape(page).locator('tr[data-trade]').first().getAttribute('data-trade'));
    return ladders.size >= 3 && tops.size >= 2;
  }, 'both move', 90_000);
  assert.equal(await depth(page).locator('tr.bid').count(), 10);
  assert.equal(await depth(page).locator('tr.ask').count(), 10);
  await until(async () => /^\d/.test((await depth(page).locator('tr.bid td.firm').first().innerText()).trim()), 'what is firm');
  // Firm is a part of what is quoted, and sums only grow.
  const value = (text) => Number.parseFloat(text) * ({ K: 1e3, M: 1e6 }[text.trim().at(-1)] ?? 1);
  const bids = await depth(page).locator('tr.bid').evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.innerText)));
  for (const [index, [, quoted, firm, sum]] of bids.entries()) {
    assert.ok(value(firm) <= value(quoted) * 1.01, `${firm} of ${quoted}`);
    assert.ok(index === 0 || value(sum) >= value(bids[index - 1][3]), `${sum} after ${bids[index - 1]?.[3]}`);
  }
  assert.match(await depth(page).innerText(), /mid [\d.]+ *\n?.*spread \d/);
  for (const [side, letter] of await tape(page).locator('tr[data-trade]').evaluateAll((all) => all.map((row) => [row.children[1].className, row.children[1].innerText.trim()[0]]))) {
    assert.equal(letter, side.includes('up') ? 'B' : 'S', 'the side in words, not by colour alone');
  }
  const times = await tape(page).locator('tr[data-trade] td:first-child').allInnerTexts();
  assert.deepEqual(times, [...times].sort().reverse(), 'newest on top');
  assert.match(await depth(page).locator('header').innerText(), /feed/);
  assert.match(await tape(page).locator('header').innerText(), /feed/);
  const input = (name) => page.locator(`aside tr[data-input="${name}"]`).innerText();
  assert.match(await input('order_book'), /feed/);
  assert.match(await input('tape'), /feed/);
  assert.match(await input('open_interest'), /rest/);
  // Out of sight nothing is asked for; back in sight it goes on.
  const hide = (hidden) => page.evaluate((to) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => to });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await hide(true);
  await staysQuiet(seen);
  await hide(false);
  const { inspects } = seen;
  await until(() => seen.inspects > inspects, 'it goes on');
  await page.keyboard.press('Escape');
  await until(async () => (await page.locator('aside').count()) === 0, 'closed');
  await staysQuiet(seen);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a hole in the tape is a line where it is', { timeout: 60_000 }, async () => {
  const page = await openPanel(stack, { path: '#/BTC-USDT', before: (made) => made.route('**/symbol/*/inspect*', async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    if (body.tape !== null && body.tape.trades.length > 4) Object.assign(body.tape, { complete: false, incomplete_since: body.tape.trades[4].ts });
    await route.fulfill({ response: answer, json: body });
  }) });
  await tape(page).locator('tr.hole').waitFor({ timeout: 40_000 });
  const lines = await tape(page).locator('tbody tr').evaluateAll((all) => all.map((row) => (row.classList.contains('hole') ? row.innerText : row.children[0].innerText)));
  const at = lines.findIndex((line) => /^trades are missing since/.test(line));
  assert.ok(at >= 1 && at <= 4, lines.join());
  assert.ok(lines[at].endsWith(lines[at + 1]), `${lines[at]} over ${lines[at + 1]}`);
  await page.context().close();
});

test('the bar says how the feed does: green, red while it is down, green again', { timeout: 180_000 }, async () => {
  const page = await openPanel(stack, { path: '#/BTC-USDT' });
  await waitForRows(page);
  await until(async () => (await gradeOf(page)) === 'good', 'well', 60_000);
  assert.match(await badge(page).innerText(), /60\/60/);
  assert.match(await badge(page).getAttribute('title'), /2 of 2 connections live/);
  assert.match(await depth(page).locator('header').innerText(), /feed/);
  await stack.faults(['ws-disconnect:rate=1', 'ws-refuse:status=503']);
  await until(async () => (await gradeOf(page)) === 'bad', 'down', 60_000);
  await until(async () => /rest, disconnected/.test(await depth(page).locator('header').innerText()), 'the book comes by requests');
  await until(async () => (await depth(page).locator('td.firm').count()) === 0, 'a book that was read says nothing of what is firm');
  await until(async () => (await tape(page).locator('tr.hole').count()) === 1, 'trades are missing');
  assert.match(await page.locator('[data-notice="feed"].bad').innerText(), /required/);
  await badge(page).click();
  const sheet = page.getByRole('dialog', { name: 'System health' });
  await sheet.getByRole('heading', { name: 'Live feed' }).waitFor();
  await until(async () => /waiting|connecting/.test(await sheet.innerText()), 'the state of its connections');
  await page.keyboard.press('Escape');
  await stack.faults([]);
  await until(async () => (await gradeOf(page)) === 'good', 'well again', 90_000);
  assert.equal(await page.locator('[data-notice="feed"]').count(), 0);
  await until(async () => /feed/.test(await depth(page).locator('header').innerText()) && (await tape(page).locator('tr.hole').count()) === 0, 'the ladder is live, the hole is filled', 60_000);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a book that nothing renews looks old within seconds, and says since when there is no answer', { timeout: 180_000 }, async () => {
  const page = await openPanel(stack, { path: '#/BTC-USDT' });
  await until(async () => (await depth(page).getAttribute('data-old')) === 'false', 'fresh', 60_000);
  await stack.simulator.stop('SIGKILL');
  await until(async () => (await depth(page).getAttribute('data-old')) === 'true', 'dimmed', 60_000);
  assert.ok(Number(await depth(page).locator(':scope > div').evaluate((node) => getComputedStyle(node).opacity)) < 0.8);
  assert.match(await depth(page).locator('.part-age').innerText(), /^STALE \d+ s/);
  await stack.scanner.stop();
  await until(async () => /No answer for \d+ s/.test(await page.locator('aside .error-text').innerText().catch(() => '')), 'since when', 60_000);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
