// What one window does to another: its view is its own, what it changes for all is said, seen elsewhere and can be undone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, column, openPanel, rows, shownCodes, waitForRows } from './support/browser.mjs';
import { sleep, Stack, until } from './support/stack.mjs';

let stack;
before(async () => { stack = await Stack.start(); });
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

const sheet = (page) => page.getByRole('dialog', { name: 'Settings' });
const post = (path, body) => stack.json(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
const status = (page) => page.getByRole('status');

async function openTab(page, label) {
  await page.keyboard.press(',');
  await sheet(page).locator('label', { hasText: label }).click();
}
async function slide(page, label, value) {
  await sheet(page).getByRole('slider', { name: label }).evaluate((node, to) => {
    node.value = to;
    node.dispatchEvent(new Event('input', { bubbles: true }));
  }, `${value}`);
}
/** Another window of the same browser. */
async function secondWindow(page) {
  const second = await page.context().newPage();
  await second.goto(page.url());
  await waitForRows(second);
  return second;
}
/** Makes the page believe that it is hidden. */
async function hide(page, hidden) {
  await page.evaluate((to) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => to });
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (to ? 'hidden' : 'visible') });
    document.hasFocus = () => !to;
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

test('two windows differ in filter, sort, columns and profile, and share the look', async () => {
  const one = await openPanel(stack);
  await waitForRows(one);
  const two = await secondWindow(one);
  await two.getByRole('button', { name: /^Flagged/ }).click();
  await two.locator('th', { hasText: 'Volume' }).getByRole('button').click();
  await two.getByRole('button', { name: 'Columns' }).click();
  await two.getByRole('checkbox', { name: /^ATR/ }).uncheck();
  await two.keyboard.press('Escape');
  await two.keyboard.press('d');
  await until(async () => (await one.evaluate(() => document.documentElement.dataset.theme)) === (await two.evaluate(() => document.documentElement.dataset.theme)), 'the theme follows');
  await sleep(600);
  assert.equal(await one.getByRole('button', { name: /^All/ }).getAttribute('aria-pressed'), 'true');
  assert.equal(await one.locator('th', { hasText: 'Volume' }).getAttribute('aria-sort'), 'none');
  assert.equal(await one.locator('th', { hasText: 'ATR' }).count(), 1);
  await two.reload();
  await two.locator('.presets').waitFor();
  assert.equal(await two.getByRole('button', { name: /^Flagged/ }).getAttribute('aria-pressed'), 'true', 'each remembers its own');
  await one.reload();
  await waitForRows(one);
  assert.equal(await one.getByRole('button', { name: /^All/ }).getAttribute('aria-pressed'), 'true');
  await one.context().close();
});

test('a window ranks with a profile and a notional of its own, and changes nothing for others', { timeout: 120_000 }, async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  const chip = page.locator('.chip.ranked');
  await until(async () => /^Profile: scalp · 5K/.test(await chip.innerText()), 'the active profile and the notional');
  const before = await stack.json('/settings');
  await chip.click();
  await page.getByLabel('Profile', { exact: true }).selectOption('swing');
  await page.getByLabel('Notional, USDT').fill('100k');
  await page.getByLabel('Notional, USDT').press('Tab');
  await page.keyboard.press('Escape');
  assert.match(await chip.innerText(), /^Profile: swing · 100K/);
  await page.locator('th', { hasText: 'Slip @100K' }).waitFor();
  // The scores are those that the interface gives for that question, cycle after cycle.
  const served = async () => new Map((await stack.json('/rankings?top=200&page_size=100&profile=swing&notional=100000')).items.map((item) => [item.contract_code, item.score.toFixed(2).replace('-', '−')]));
  const agrees = async () => {
    const [scores, shown] = [await served(), await column(page, 'Score')];
    const codes = Object.keys(shown);
    return codes.length > 5 && codes.filter((code) => scores.get(code) === shown[code]).length > codes.length / 2;
  };
  await until(agrees, 'swing at 100K');
  const first = JSON.stringify(await column(page, 'Score'));
  await until(async () => JSON.stringify(await column(page, 'Score')) !== first, 'it goes on');
  await until(agrees, 'still swing at 100K');
  assert.equal(await page.locator('.link').getAttribute('data-via'), 'websocket');
  assert.ok(await page.locator('tbody .spark svg').count() > 0, 'with sparklines');
  assert.deepEqual(await stack.json('/settings'), before, 'nothing is saved');

  const other = await secondWindow(page);
  await other.evaluate(() => sessionStorage.clear());
  await page.reload();
  await waitForRows(page);
  assert.match(await chip.innerText(), /^Profile: swing · 100K/, 'a reload keeps it');
  await chip.click();
  await page.getByRole('button', { name: 'Use the active profile' }).click();
  await until(async () => /^Profile: scalp · 5K/.test(await chip.innerText()), 'back');
  await page.keyboard.press('Escape');
  await page.keyboard.press(',');
  await sheet(page).getByText('Applies to all users, bots and alerts').waitFor();
  await sheet(page).getByRole('button', { name: 'Scalp ✓' }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a profile that is deleted elsewhere is let go of', async () => {
  await post('/profiles', { name: 'brief', weights: { 'edges.momentum': 0 } });
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.locator('.chip.ranked').click();
  await page.getByLabel('Profile', { exact: true }).selectOption('brief');
  await until(async () => /brief/.test(await page.locator('.chip.ranked').innerText()), 'brief');
  await stack.json('/profiles/brief', { method: 'DELETE' });
  await until(async () => /^Profile: scalp/.test(await page.locator('.chip.ranked').innerText()), 'the active one again', 40_000);
  const before = JSON.stringify(await column(page, 'Score'));
  await until(async () => JSON.stringify(await column(page, 'Score')) !== before, 'and the table lives');
  await page.context().close();
});

test('what is saved elsewhere is seen here, and what was moved here stays', { timeout: 120_000 }, async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.keyboard.press(',');
  const liquidity = sheet(page).getByRole('slider', { name: 'Liquidity edge' });
  const momentum = sheet(page).getByRole('slider', { name: 'Momentum edge' });
  await liquidity.waitFor();
  await post('/settings', { liquidity_weight: 3, manipulation_threshold: 70 });
  await until(async () => (await liquidity.inputValue()) === '3', 'the new weight, without being asked');
  await until(async () => (await sheet(page).getByRole('slider', { name: 'Manipulation threshold' }).inputValue()) === '70', 'the new threshold');
  await until(async () => /Active profile: scalp, modified/.test(await sheet(page).innerText()), 'that the weights are not the profile\'s');
  await until(async () => /Move a slider/.test(await sheet(page).innerText()), 'the preview has the new base: nothing moves');

  await slide(page, 'Momentum edge', 4);
  // The page hears of nothing until it saves: that is refused, explained, and what was moved is kept.
  let saves = false;
  await page.route('**/settings', (route) => {
    saves ||= route.request().method() === 'POST';
    return saves ? route.continue() : route.abort();
  });
  await post('/settings', { liquidity_weight: 2 });
  await sheet(page).getByRole('button', { name: 'Save', exact: true }).click();
  await until(async () => /Another user changed the settings meanwhile/.test(await sheet(page).innerText()), 'the conflict is explained');
  assert.equal((await stack.json('/settings')).weights.momentum, 1.2, 'nothing was saved');
  assert.equal(await momentum.inputValue(), '4', 'what was moved is kept');
  await until(async () => (await liquidity.inputValue()) === '2', 'on top of what the other saved');
  await sheet(page).getByRole('button', { name: 'Save', exact: true }).click();
  await until(async () => (await stack.json('/settings')).weights.momentum === 4, 'saved now');
  assert.equal((await stack.json('/settings')).weights.liquidity, 2);
  await post('/settings', { liquidity_weight: null, momentum_weight: null, manipulation_threshold: null });
  await page.context().close();
});

test('two windows star into one list and lose nothing', async () => {
  await post('/watchlists', { name: 'Shared', symbols: ['BTC-USDT'] });
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.getByRole('button', { name: /^Shared/ }).waitFor();
  await post('/watchlists', { name: 'Shared', symbols: ['BTC-USDT', 'ETH-USDT'] });
  await page.getByRole('searchbox', { name: 'Filter contracts by name' }).fill('sol');
  await page.locator('tr[data-code="SOL-USDT"] td.watch button').click();
  await status(page).getByText('SOL added to Shared').waitFor();
  assert.deepEqual((await stack.json('/watchlists/Shared')).symbols, ['BTC/USDT:USDT', 'ETH/USDT:USDT', 'SOL/USDT:USDT']);
  await stack.json('/watchlists/Shared', { method: 'DELETE' });
  await page.context().close();
});

test('what is deleted can be taken back', { timeout: 120_000 }, async () => {
  await post('/watchlists', { name: 'Majors', symbols: ['BTC-USDT', 'ETH-USDT'] });
  await post('/profiles', { name: 'calm', weights: { 'edges.momentum': 0.4 } });
  await post('/alerts/rules', { name: 'never', expression: 'rank < 0', cooldown_sec: 60 });
  const calm = await stack.json('/profiles/calm');
  const page = await openPanel(stack);
  await waitForRows(page);
  const undo = page.getByRole('button', { name: /^Undo/ });

  await openTab(page, 'Watchlists');
  await sheet(page).getByRole('button', { name: 'Remove ETH-USDT' }).click();
  await undo.click();
  await until(async () => (await stack.json('/watchlists/Majors')).symbols.length === 2, 'the contract is back');
  await sheet(page).getByRole('button', { name: 'Delete', exact: true }).click();
  await status(page).getByText('Watchlist Majors deleted').waitFor();
  assert.deepEqual(await stack.json('/watchlists'), []);
  await undo.click();
  await until(async () => (await stack.json('/watchlists'))[0]?.symbols.length === 2, 'the list is back');

  await sheet(page).locator('label', { hasText: 'Scoring' }).click();
  await sheet(page).getByRole('button', { name: 'Delete the profile calm' }).click();
  await status(page).getByText('Profile calm deleted').waitFor();
  await page.keyboard.press('z');
  await until(async () => JSON.stringify(await stack.json('/profiles/calm').catch(() => null)) === JSON.stringify(calm), 'the profile is back, by the keyboard');

  await sheet(page).locator('label', { hasText: 'Alerts' }).click();
  await sheet(page).getByRole('button', { name: 'Delete never' }).click();
  await status(page).getByText('Rule never deleted').waitFor();
  await undo.click();
  await until(async () => (await stack.json('/alerts/rules')).items.some((rule) => rule.name === 'never' && rule.expression === 'rank < 0' && rule.cooldown_sec === 60), 'the rule is back');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Filters' }).click();
  await page.getByLabel('Volume at least').fill('50M');
  await page.getByLabel('Volume at least').press('Tab');
  await page.getByLabel('Name of a new preset').fill('Large');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'Delete preset Large' }).click();
  assert.equal(await page.locator('.presets').getByText('Large').count(), 0);
  await undo.click();
  await page.locator('.presets').getByText('Large').waitFor();
  await page.getByRole('button', { name: 'Delete preset Large' }).click();
  await sleep(8_600);
  assert.equal(await undo.count(), 0, 'after a while it is done');
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('closing the settings throws nothing away', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.keyboard.press(',');
  await sheet(page).getByRole('slider', { name: 'Spread penalty' }).waitFor();
  await slide(page, 'Spread penalty', 7);
  await page.keyboard.press('Escape');
  await status(page).getByText('Unsaved changes are kept').waitFor();
  await page.getByRole('button', { name: 'Settings, with unsaved changes' }).click();
  assert.equal(await sheet(page).getByRole('slider', { name: 'Spread penalty' }).inputValue(), '7');
  await sheet(page).getByRole('button', { name: 'Revert' }).click();
  assert.equal(await sheet(page).getByRole('slider', { name: 'Spread penalty' }).inputValue(), '3');
  await page.keyboard.press('Escape');
  await page.keyboard.press('a');
  await sheet(page).getByRole('button', { name: 'New rule' }).click();
  await sheet(page).getByLabel('Condition').fill('rank <= 7');
  await page.keyboard.press('Escape');
  await page.keyboard.press('a');
  assert.equal(await sheet(page).getByLabel('Condition').inputValue(), 'rank <= 7');
  await page.context().close();
});

test('alerts come while the tab is hidden, count in its title, and open their contract', { timeout: 180_000 }, async () => {
  const page = await openPanel(stack, { permissions: ['notifications'], before: (made) => made.addInitScript(() => {
    // What the system would be asked to show; it cannot be looked at from here.
    globalThis.shown = [];
    globalThis.Notification = class { static permission = 'granted'; static requestPermission = async () => 'granted';
      constructor(title) { globalThis.shown.push(title); } close() {} };
    const create = AudioContext.prototype.createOscillator;
    globalThis.tones = 0;
    AudioContext.prototype.createOscillator = function oscillator() { ++globalThis.tones; return create.call(this); };
  }) });
  await waitForRows(page);
  await page.waitForResponse((response) => new URL(response.url()).pathname === '/alerts');
  await page.keyboard.press('a');
  assert.ok(!(await sheet(page).getByLabel('Desktop notifications').isChecked()) && !(await sheet(page).getByLabel('Sound').isChecked()), 'off until asked for');
  await sheet(page).getByLabel('Desktop notifications').check();
  await sheet(page).getByLabel('Sound').check();
  await page.keyboard.press('Escape');
  const icon = await page.locator('link[rel="icon"]').getAttribute('href');
  await hide(page, true);
  const before = await page.evaluate(() => globalThis.tones);
  await post('/alerts/rules', { name: 'hidden', expression: 'rank == 1', cooldown_sec: 3600 });
  await until(async () => /^\(\d+\) /.test(await page.title()), 'the title counts', 60_000);
  assert.notEqual(await page.locator('link[rel="icon"]').getAttribute('href'), icon, 'the icon tells');
  assert.match((await page.evaluate(() => globalThis.shown))[0], /^hidden: /);
  assert.ok(await page.evaluate(() => globalThis.tones) > before, 'it sounds');
  await hide(page, false);

  // An alert and a confirmation do not take each other's place.
  await post('/alerts/rules', { name: 'seen', expression: 'rank == 2', cooldown_sec: 3600 });
  const toast = page.getByRole('log').getByRole('button', { name: / seen/ }).first();
  await toast.waitFor({ timeout: 60_000 });
  await page.keyboard.press('t');
  await status(page).getByText('Times in').waitFor();
  assert.ok(await toast.isVisible());
  await toast.click();
  await page.getByRole('complementary').waitFor();
  await page.getByRole('button', { name: /^Alerts, \d+ new/ }).click();
  await until(async () => !/^\(/.test(await page.title()), 'looked at');
  assert.equal(await page.locator('link[rel="icon"]').getAttribute('href'), icon);
  for (const name of ['hidden', 'seen']) await stack.json(`/alerts/rules/${name}`, { method: 'DELETE' });
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a toast and its Undo are within reach of pointer and keyboard above an open sheet', async () => {
  await post('/watchlists', { name: 'Short', symbols: ['BTC-USDT'] });
  const page = await openPanel(stack);
  await waitForRows(page);
  assert.ok((await shownCodes(page)).length > 0 && await rows(page).count() > 0);
  await openTab(page, 'Watchlists');
  await sheet(page).getByRole('button', { name: /^Short/ }).click();
  await sheet(page).getByRole('button', { name: 'Delete', exact: true }).click();
  const undo = page.getByRole('button', { name: /^Undo/ });
  await undo.focus();
  assert.ok(await undo.evaluate((node) => node === document.activeElement && node.closest('dialog') !== null), 'not inert');
  await page.keyboard.press('Enter');
  await until(async () => (await stack.json('/watchlists')).some((list) => list.name === 'Short'), 'back');
  await page.context().close();
});
