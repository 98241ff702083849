// A recording that this test makes of a real scanner, played by the real `market-scanner replay`: the time bar moves it,
// and table and drawer show what was recorded then.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { closeBrowser, openPanel, rows, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

let folder;
let stack;
/** What was ranked live, by the number of the ranking. */
const live = new Map();
/** A contract, and a price that it first reached in the middle of the recording. */
let peak;

/** Not at the edges: there must be something before and after it. */
function peakOf(rankings) {
  const prices = new Map();
  for (const { seq, ts, items } of rankings) {
    for (const { contract_code: code, last_price: price } of items) prices.set(code, [...(prices.get(code) ?? []), { seq, ts, price }]);
  }
  for (const [code, path] of prices) {
    const at = path.findIndex((point, index) => index >= 4 && index < path.length - 4 && path.slice(0, index).every((other) => other.price < point.price));
    if (path.length === rankings.length && at > 0) return { code, ...path[at] };
  }
  return null;
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'panel-recording-'));
  const market = await Stack.start({ scanner: { RECORD: 'on', RECORD_DIR: folder } });
  try {
    peak = await until(async () => {
      const ranking = await market.json('/rankings?top=200&page_size=200');
      live.set(ranking.seq, ranking);
      return live.size < 14 ? null : peakOf([...live.values()]);
    }, 'a recording with a peak in it', 120_000, 200);
  } finally {
    await market.stop();
  }
  stack = await Stack.replay(folder);
});
after(async () => {
  await closeBrowser();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const state = () => stack.json('/replay');
const post = (what, body) => stack.json(`/replay/${what}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
const bar = (page) => page.getByRole('region', { name: 'Replay' });
const shownTime = (page) => page.locator('#replay-time').inputValue();
const asTime = (ms) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
/** The number of the ranking that the drawer shows. */
const drawerSeq = async (page) => Number(await page.locator('aside section', { has: page.getByRole('heading', { name: 'Price', exact: true }) }).locator('.part-age').getAttribute('data-seq', { timeout: 5_000 }).catch(() => NaN));
/** What both show of the contract is of this ranking, as it was live. */
async function shows(page, seq) {
  // One that was too short-lived to be seen live is what the replay says it was.
  const ranking = live.get(seq) ?? await stack.json('/rankings?top=200&page_size=200');
  assert.equal(ranking.seq, seq);
  const item = ranking.items.find(({ contract_code: code }) => code === peak.code);
  await until(async () => {
    const price = (await page.locator('aside header dd').first().innerText().catch(() => '')).trim();
    const score = (await rows(page).filter({ has: page.locator(`th a[href$="${peak.code}"]`) }).locator('td.score').innerText().catch(() => '')).trim();
    return Number(price) === item.last_price && Number(score.replace('−', '-')) === Number(item.score.toFixed(2)) && (await drawerSeq(page)) === seq;
  }, `table and drawer show ranking ${seq}`, 60_000);
}

test('the console says that it is a replay, and goes to the mark of an alert', { timeout: 120_000 }, async () => {
  await post('pause');
  await post('seek', { at: (await state()).from });
  await post('step');  // at the very beginning nothing has been ranked yet
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.getByText('REPLAY', { exact: true }).first().waitFor();
  await bar(page).waitFor();
  await until(async () => (await page.title()).startsWith('REPLAY'), 'in the title');
  // A rule of now, tried on all that was recorded: its alert is marked where it would have fired.
  await stack.json('/alerts/rules', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: 'a peak', expression: `last_price >= ${peak.price}`, scope: { symbols: [peak.code] }, cooldown_sec: 3_600 }) });
  const mark = bar(page).getByRole('button', { name: new RegExp(`^Alert at .*a peak, ${peak.code}`) });
  await mark.waitFor({ timeout: 60_000 });
  await mark.click();
  await page.getByRole('complementary', { name: `${peak.code} in full` }).waitFor();
  const there = await until(async () => { const now = await state(); return !now.seeking && !now.playing && now.seq > 0 ? now : null; }, 'it is there', 60_000);
  assert.equal(there.seq, peak.seq, `${there.at} of ${peak.ts}`);
  await shows(page, there.seq);
  await until(async () => Math.abs(Date.parse(`${(await shownTime(page)).replace(' ', 'T')}Z`) - Date.parse(there.at)) < 1_000, 'the time of the mark');
  // Nothing is old by the recording's clock, however long ago it was.
  assert.equal(await page.locator('[data-notice="stale"]').count(), 0);
  assert.equal(await page.locator('aside [data-old="true"]').count(), 0);
  assert.match(await page.locator('header .clock').innerText(), new RegExp(asTime(Date.parse(there.at)).slice(0, 10)));
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('it steps cycle by cycle, plays at the speed that is chosen, and pauses', { timeout: 120_000 }, async () => {
  await post('pause');
  const { from } = await state();
  await post('seek', { at: new Date(Date.parse(from) + 4_000).toISOString() });
  const { seq: begun } = await until(async () => { const now = await state(); return !now.seeking && now.seq > 1 ? now : null; }, 'a ranking', 60_000);
  const page = await openPanel(stack, { path: `#/${peak.code}` });
  await bar(page).waitFor();
  await page.getByRole('button', { name: 'Step to the next cycle' }).click();
  const first = await until(async () => { const now = await state(); return now.seq > begun ? now.seq : null; }, 'a step', 60_000);
  await shows(page, first);
  await page.locator('main').focus();
  await page.keyboard.press('.');
  await until(async () => (await state()).seq === first + 1, 'the next ranking', 60_000);
  await shows(page, first + 1);
  await page.getByRole('combobox', { name: 'Speed' }).selectOption({ label: 'max' });
  await until(async () => (await state()).speed === 'max', 'the speed');
  await page.getByRole('combobox', { name: 'Speed' }).selectOption({ label: '10×' });
  await until(async () => (await state()).speed === 10, 'the other one');
  await page.locator('main').focus();
  await page.keyboard.press('p');
  await until(async () => (await state()).seq > first + 2, 'it plays', 60_000);
  await page.getByRole('button', { name: 'Pause', exact: true }).click().catch(() => undefined);
  const { seq } = await until(async () => { const now = await state(); return now.playing && !now.ended ? null : now; }, 'it stands');
  await shows(page, seq);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a time is reached by click, by keys and by typing; what is no time is explained', { timeout: 120_000 }, async () => {
  await post('pause');
  const { from, to } = await state();
  const [begin, end] = [Date.parse(from), Date.parse(to)];
  const page = await openPanel(stack, { path: `#/${peak.code}` });
  const slider = page.getByRole('slider', { name: 'Recorded time' });
  await slider.waitFor();
  const at = async () => Date.parse((await state()).at);
  const box = await slider.boundingBox();
  await page.mouse.click(box.x + box.width * 0.75, box.y + box.height / 2);
  await until(async () => Math.abs((await at()) - (begin + 0.75 * (end - begin))) < 2_500, 'three quarters', 60_000);
  const late = (await state()).seq;
  await shows(page, late);
  // Back: the replay begins anew, and what is shown follows it.
  await slider.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await until(async () => Math.abs((await at()) - (begin + 3_000)) < 1_500, 'three seconds after the beginning', 60_000);
  const { seq } = await until(async () => { const now = await state(); return now.seeking ? null : now; }, 'it is there', 60_000);
  assert.ok(seq < late, `${seq} before ${late}`);
  await shows(page, seq);

  const field = page.locator('#replay-time');
  await page.locator('main').focus();
  await page.keyboard.press('g');
  await page.keyboard.type('yesterday');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').filter({ hasText: /^not a time; try/ }).waitFor();
  await field.fill('2001-01-01 00:00');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').filter({ hasText: /^recorded from / }).waitFor();
  await field.fill(asTime(begin + 8_000));
  await page.keyboard.press('Enter');
  await until(async () => Math.abs((await at()) - (begin + 8_000)) < 1_500, 'what was typed', 60_000);
  await shows(page, (await state()).seq);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
for (const [colorScheme, width] of [['dark', 1440], ['light', 375]]) {
  test(`axe finds nothing in the time bar, and nothing of it is cut, ${colorScheme} at ${width} px`, { timeout: 60_000 }, async () => {
    const page = await openPanel(stack, { width, colorScheme, reducedMotion: 'reduce' });
    await bar(page).waitFor();
    const overflow = await bar(page).evaluate((node) => node.scrollWidth - node.clientWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run('section[aria-label="Replay"]', { resultTypes: ['violations'] }));
    assert.deepEqual(found.violations.map((entry) => `${entry.id}: ${entry.nodes.map((node) => node.target.join(' ')).join(' | ')}`), []);
    await page.context().close();
  });
}
