// Manipulation that the simulator plants beside innocent twins: it is in the ledger, the drawer and on the candles, with
// evidence and a warning; the twins are not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, openPanel, rows, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

/** Time runs faster, because detectors must know for half an hour what is usual. A pump needs an index of every second. */
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

let stack;
/** The last episode of each planted one, by contract. */
const episodes = new Map();
before(async () => {
  stack = await Stack.start({
    simulator: ['--contracts', '40', '--speed', `${SPEED}`, ...ALL.flatMap(({ code, plant, options }) => ['--plant', `${plant}:contract=${code}:${options}`])],
    scanner: { FEED: 'required', MANIP_MODEL: 'measured', MIN_QVOL_USDT: '100000', MAX_SPREAD_BPS: '2000', SYMBOLS: ALL.map(({ code }) => code).join(',') },
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
});

const words = (name) => name.replaceAll('_', ' ');
const ledgerRows = (page, code) => page.locator(`tr[data-episode^="${code}."]`);

test('the ledger has what was planted, with evidence, and no twin of it', { timeout: 120_000 }, async () => {
  // The twins were played as long, and as often.
  const labels = (await (await fetch(`${stack.simulatorUrl}/_simulator/labels?since=0`)).text()).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
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
