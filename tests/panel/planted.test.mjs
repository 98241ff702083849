// Manipulation that the simulator plants beside innocent twins: it is in the ledger, the drawer and on the candles, with
// evidence and a warning; the twins are not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, openPanel, rows, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

/** Time runs faster, because detectors must know for half an hour what is usual. */
const SPEED = 25;
const PLANTED = [
  { code: 'LINK-USDT', plant: 'layering', flag: 'spoofing_depth_imbalance', options: 'after=11m:every=8m:for=4m:intensity=30' },
  { code: 'PEPE-USDT', plant: 'wash', flag: 'wash_trade_volume', options: 'after=26m:every=20m:for=12m:intensity=0.9' },
];
/** What each looks like and is not. Another flag may err on it, as often as the report card of the detectors says. */
const TWINS = [
  { code: 'SUI-USDT', plant: 'iceberg', flag: 'spoofing_depth_imbalance', options: 'after=11m:every=8m:for=4m:intensity=30' },
  { code: 'UNI-USDT', plant: 'child_orders', flag: 'wash_trade_volume', options: 'after=26m:every=20m:for=12m:intensity=0.9' },
];
const ALL = [...PLANTED, ...TWINS];
/** A pump is judged by an index that is two seconds old at most, which is read each second: its market runs in real time. */
const PUMP = { code: 'WIF-USDT', plant: 'pump', flag: 'momentum_ignition', options: 'after=3m:for=90s:intensity=20' };
const NEWS = { code: 'ARB-USDT', plant: 'news', options: 'after=3m:for=90s:intensity=20' };
/** What the detectors say of a pump, and may not say of news that move the index too. */
const OF_A_PUMP = ['momentum_ignition', 'scam_wick', 'pump_ignition', 'post_surge_reversal', 'exhausted_spike'];

let stack;
let pumped;
const MEASURED = { FEED: 'required', MANIP_MODEL: 'measured', MIN_QVOL_USDT: '100000', MAX_SPREAD_BPS: '2000' };
const plantOf = ({ code, plant, options }) => ['--plant', `${plant}:contract=${code}:${options}`];
const labelsOf = async (of) => (await (await fetch(`${of.simulatorUrl}/_simulator/labels?since=0`)).text()).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
/** The last episode of each planted one, by contract. */
const episodes = new Map();
before(async () => {
  stack = await Stack.start({
    simulator: ['--contracts', '40', '--speed', `${SPEED}`, ...ALL.flatMap(plantOf)],
    scanner: { ...MEASURED, SYMBOLS: ALL.map(({ code }) => code).join(',') },
  });
  // It comes while the others are looked at.
  pumped = await Stack.start({
    simulator: ['--contracts', '40', ...[PUMP, NEWS].flatMap(plantOf)],
    scanner: { ...MEASURED, SYMBOLS: `${PUMP.code},${NEWS.code}` },
  });
  await until(async () => {
    const { items } = await stack.json('/manipulation/episodes?limit=500');
    for (const { code, flag } of PLANTED) {
      const found = items.find((item) => item.contract_code === code && item.flag === flag);
      if (found !== undefined) episodes.set(code, found);
    }
    return episodes.size === PLANTED.length;
  }, 'an episode of each', 300_000, 1_000);
});
after(async () => {
  await closeBrowser();
  await stack?.stop();
  await pumped?.stop();
});

const words = (name) => name.replaceAll('_', ' ');
const ledgerRows = (page, code) => page.locator(`tr[data-episode^="${code}."]`);

test('the ledger has what was planted, with evidence, and no twin of it', { timeout: 120_000 }, async () => {
  // The twins were played as long, and as often.
  const labels = await labelsOf(stack);
  for (const { code, plant } of ALL) assert.ok(labels.some((label) => label.contract_code === code && label.kind === plant), `${plant} was played`);
  const page = await openPanel(stack, { path: '#/ledger' });
  for (const { code, flag } of PLANTED) {
    const row = page.locator(`tr[data-episode="${episodes.get(code).id}"]`);
    await row.waitFor({ timeout: 60_000 });
    const text = await row.innerText();
    for (const part of [words(flag), 'simulated', words(episodes.get(code).evidence[0].name)]) assert.ok(text.includes(part), `${part} in ${text}`);
  }
  for (const { code, plant, flag } of TWINS) assert.equal(await page.locator(`tr[data-episode^="${code}.${flag}."]`).count(), 0, `${plant} on ${code} is innocent`);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('drawer and candles have them too; a twin has neither episode nor mark', { timeout: 180_000 }, async () => {
  const page = await openPanel(stack);
  const label = async () => (await page.locator('.chart').getAttribute('aria-label').catch(() => '')) ?? '';
  for (const { code, flag } of PLANTED) {
    await page.evaluate((to) => { location.hash = `#/${to}`; }, code);
    await page.locator('aside ul[aria-label="Episodes"] li', { hasText: words(flag) }).first().waitFor({ timeout: 60_000 });
    const text = await page.locator(`aside li[data-episode="${episodes.get(code).id}"]`).innerText();
    assert.ok(text.includes(words(episodes.get(code).evidence[0].name)), text);
    await until(async () => /episodes of manipulation in \d+ candle/.test(await label()), `a mark on the candles of ${code}`, 60_000);
  }
  for (const { code, flag } of TWINS) {
    await page.evaluate((to) => { location.hash = `#/${to}`; }, code);
    await page.getByRole('complementary', { name: `${code} in full` }).waitFor();
    await until(async () => /candles of 1m/.test(await label()), 'its candles', 60_000);
    const held = page.locator('aside ul[aria-label="Episodes"] li');
    if (await held.count() === 0) assert.doesNotMatch(await label(), /episodes/, code);
    assert.equal(await held.filter({ hasText: words(flag) }).count(), 0, code);
  }
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('while one is quarantined, its warning stands wherever it is named', { timeout: 180_000 }, async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  const run = (speed) => fetch(`${stack.simulatorUrl}/_simulator/speed`, { method: 'POST', body: JSON.stringify({ speed }) });
  // Layers come again and again. Where one is quarantined time goes on as it does, so that it stays so for a while.
  const code = await until(async () => {
    const { items } = await stack.json('/rankings?top=200&page_size=200');
    const found = items.find((item) => item.quarantined);
    if (found === undefined) return null;
    await run(1);
    const { manipulation, ts } = await stack.json(`/symbol/${found.contract_code}/inspect`);
    const { quarantined_until: end } = manipulation;
    if (found.manip_score >= 60 || (end !== null && Date.parse(end) - Date.parse(ts) > 120_000)) return found.contract_code;
    await run(SPEED);
    return null;
  }, 'a quarantined contract', 120_000, 300);
  await rows(page).filter({ has: page.locator(`th a[href$="${code}"]`) }).locator('th .suspect').waitFor();
  assert.ok(PLANTED.some((planted) => planted.code === code), `${code} was planted`);
  await page.keyboard.press('/');
  await page.getByRole('combobox', { name: 'Find a contract' }).fill(code.replace('-USDT', ''));
  await page.locator(`[id="spotlight-${code}"] .suspect`).waitFor();
  await page.keyboard.press('Enter');
  await page.locator('aside header .suspect').waitFor();
  await page.locator('aside header').getByText(/^Quarantined: ranked below all others until /).waitFor();
  await page.keyboard.press('3');
  await ledgerRows(page, code).first().locator('th .suspect').waitFor({ timeout: 30_000 });
  await page.context().close();
});

test('a pump is an episode in ledger, drawer and on the candles; news that move the index are none', { timeout: 600_000 }, async () => {
  const told = async () => (await pumped.json('/manipulation/episodes?limit=500')).items;
  const found = await until(async () => (await told()).find((item) => item.contract_code === PUMP.code && item.flag === PUMP.flag), 'an episode of the pump', 480_000, 1_000);
  const played = async (code, plant) => (await labelsOf(pumped)).filter((label) => label.contract_code === code && label.kind === plant);
  await until(async () => (await played(NEWS.code, NEWS.plant)).length >= 60, 'a minute of news', 180_000, 1_000);
  const [began] = await played(PUMP.code, PUMP.plant);
  assert.ok(Date.parse(found.start) >= Date.parse(began.time) - 2_000, `${found.start} is of the pump at ${began.time}`);

  const page = await openPanel(pumped, { path: '#/ledger' });
  const row = page.locator(`tr[data-episode="${found.id}"]`);
  await row.waitFor({ timeout: 60_000 });
  const text = await row.innerText();
  for (const part of [words(PUMP.flag), 'simulated', words(found.evidence[0].name)]) assert.ok(text.includes(part), `${part} in ${text}`);
  const label = async () => (await page.locator('.chart').getAttribute('aria-label').catch(() => '')) ?? '';
  await page.evaluate((to) => { location.hash = `#/${to}`; }, PUMP.code);
  await page.locator(`aside li[data-episode="${found.id}"]`).waitFor({ timeout: 60_000 });
  assert.ok((await page.locator(`aside li[data-episode="${found.id}"]`).innerText()).includes(words(found.evidence[0].name)));
  await until(async () => /episodes of manipulation in \d+ candle/.test(await label()), 'a mark on its candles', 60_000);

  // What the detectors had said before anything was planted is as rare as the report card says.
  const [heard] = await played(NEWS.code, NEWS.plant);
  const wrong = (await told()).filter((item) => item.contract_code === NEWS.code && OF_A_PUMP.includes(item.flag) && Date.parse(item.start) >= Date.parse(heard.time) - 2_000);
  assert.deepEqual(wrong.map(({ flag, start }) => `${flag} at ${start}`), [], 'news are innocent');
  await page.evaluate((to) => { location.hash = `#/${to}`; }, NEWS.code);
  await page.getByRole('complementary', { name: `${NEWS.code} in full` }).waitFor();
  await until(async () => /candles of 1m/.test(await label()), 'its candles', 60_000);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
