// Episodes that the detectors tell of manipulation which the simulator planted: ledger, drawer, candles, dispositions.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { closeBrowser, openPanel, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

let stack;
let episode;
before(async () => {
  stack = await Stack.start({
    // Time runs faster: an episode is seen to its end.
    simulator: ['--scenario', 'oi_paint', '--prevalence', '0.5', '--speed', '10'],
    scanner: { FEED: 'required', MANIP_MODEL: 'measured', MIN_QVOL_USDT: '100000', MAX_SPREAD_BPS: '2000' },
  });
  // History is written behind the cycles, so the ledger follows by a moment.
  episode = await until(async () => (await stack.json('/manipulation/episodes?limit=1')).items[0], 'an episode', 240_000, 1_000);
});
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

const words = (name) => name.replaceAll('_', ' ');
const told = (id) => stack.json(`/manipulation/episodes/${encodeURIComponent(id)}`);
const row = (page, id) => page.locator(`tr[data-episode="${id}"]`);

test('an episode stands in the ledger with its kind and evidence, and one key says what it was', { timeout: 120_000 }, async () => {
  const page = await openPanel(stack, { path: '#/ledger' });
  await row(page, episode.id).waitFor({ timeout: 60_000 });
  const text = await row(page, episode.id).innerText();
  for (const part of [words(episode.flag), episode.kind, words(episode.evidence[0].name)]) assert.ok(text.includes(part), `${part} in ${text}`);
  await row(page, episode.id).getByRole('link').focus();
  await page.keyboard.press('b');
  await until(async () => (await told(episode.id)).disposition?.verdict === 'benign', 'the scanner knows');
  await row(page, episode.id).getByRole('button', { name: /benign$/, pressed: true }).waitFor();
  await page.keyboard.press('m');
  await until(async () => (await told(episode.id)).disposition?.verdict === 'manipulation', 'it was changed');
  await page.getByRole('button', { name: /^Undo/ }).waitFor();
  await page.keyboard.press('z');
  await until(async () => (await told(episode.id)).disposition?.verdict === 'benign', 'and changed back');
  await row(page, episode.id).getByRole('button', { name: /benign$/, pressed: true }).waitFor();
  // The flag's tooltip says what its judged episodes were.
  await until(async () => /1 judged/.test(await row(page, episode.id).locator('.flag').getAttribute('title')), 'the precision', 30_000);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('its details have tape and book around it, and a note that is saved with the verdict', { timeout: 120_000 }, async () => {
  // They are told half a minute after its end.
  const { id } = await until(async () => {
    const { items } = await stack.json('/manipulation/episodes?status=ended&limit=50');
    for (const item of items) if ((await told(item.id)).context?.books.length > 0) return item;
    return null;
  }, 'an episode with what was around it', 90_000, 1_000);
  const page = await openPanel(stack, { path: '#/ledger' });
  await row(page, id).getByRole('link').focus({ timeout: 60_000 });
  await page.keyboard.press('e');
  const detail = page.locator(`[data-detail="${id}"]`);
  await detail.getByRole('list', { name: 'Evidence' }).getByRole('listitem').first().waitFor();
  await detail.getByRole('img', { name: /^Tape and book around the episode: \d+ trades? of .* \d+ looks? at the book/ }).waitFor();
  assert.ok(await detail.locator('path.bid').evaluate((path) => path.getTotalLength() > 0), 'a book is drawn');

  await page.keyboard.press('n');
  await page.keyboard.type('a listing was announced, b');
  await detail.getByRole('button', { name: 'benign', exact: true }).click();
  await until(async () => { const { disposition } = await told(id); return disposition?.verdict === 'benign' && disposition.note === 'a listing was announced, b'; }, 'both are saved');
  await row(page, id).getByRole('img', { name: 'Note: a listing was announced, b' }).waitFor();
  // Another verdict by a key keeps the note; what is typed anew goes with the next one.
  await row(page, id).getByRole('link').focus();
  await page.keyboard.press('u');
  await until(async () => { const { disposition } = await told(id); return disposition?.verdict === 'unsure' && disposition.note === 'a listing was announced, b'; }, 'the note stays');
  await detail.getByRole('textbox').fill('not sure any more');
  await detail.getByRole('button', { name: 'Save the note' }).click();
  await until(async () => (await told(id)).disposition.note === 'not sure any more', 'the note alone');
  await page.getByRole('button', { name: /^Undo/ }).click();
  await until(async () => (await told(id)).disposition.note === 'a listing was announced, b', 'taken back');
  await detail.getByRole('textbox').fill('é'.repeat(1_001));
  await detail.getByText('Too long: at most 2000 bytes').waitFor();
  assert.ok(await detail.getByRole('button', { name: 'benign', exact: true }).isDisabled());
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('rows are walked by keys and filtered by contract and flag', { timeout: 120_000 }, async () => {
  const page = await openPanel(stack, { path: '#/ledger' });
  await row(page, episode.id).waitFor({ timeout: 60_000 });
  await page.keyboard.press('j');
  await until(async () => (await page.locator('tr.active').count()) === 1, 'a row is chosen');
  await page.getByLabel('Flag').selectOption(episode.flag);
  await page.getByLabel('Contract').fill(episode.contract_code.toLowerCase().replace('-usdt', ''));
  await until(async () => {
    const names = await page.locator('tr[data-episode]').evaluateAll((all) => all.map((each) => each.dataset.episode));
    return names.length > 0 && names.every((id) => id.startsWith(`${episode.contract_code}.${episode.flag}.`));
  }, 'only those');
  await page.getByLabel('Contract').fill('nosuchthing');
  await page.locator('main').getByText(/No episode passes the filter|unknown|no contract/i).first().waitFor();
  await page.context().close();
});

test('its contract opens beside it, with the episode on the candles and in its list', { timeout: 120_000 }, async () => {
  const page = await openPanel(stack, { path: '#/ledger' });
  await row(page, episode.id).getByRole('link').click({ timeout: 60_000 });
  await page.getByRole('complementary', { name: `${episode.contract_code} in full` }).waitFor();
  assert.equal(new URL(page.url()).hash, `#/ledger/${episode.contract_code}`);
  await until(async () => /episodes of manipulation in \d+ candle/.test((await page.locator('.chart').getAttribute('aria-label').catch(() => '')) ?? ''), 'marks on the candles', 60_000);
  await page.locator('aside ul[aria-label="Episodes"] li').first().waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a quarantined contract carries its warning, whatever its score is now', { timeout: 60_000 }, async () => {
  let code;
  const page = await openPanel(stack, { before: async (made) => {
    // Over the one way that can be changed on its way.
    await made.addInitScript(() => {
      window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({ code: 1006 })); } close() {} };
    });
    await made.route('**/stream/events*', (route) => route.abort());
    await made.route('**/rankings?*', async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      code ??= body.items[0]?.contract_code;
      for (const item of body.items) if (item.contract_code === code) Object.assign(item, { quarantined: true, manip_score: 3, rank_raw: 1 });
      await route.fulfill({ response: answer, json: body });
    });
  } });
  await waitForRows(page);
  const warning = page.locator(`tr[data-code="${code}"] th .suspect`);
  await warning.waitFor();
  assert.match(await warning.getAttribute('aria-label'), /quarantined: ranked below all others/);
  await page.evaluate((to) => { location.hash = `#/${to}`; }, code);
  await page.locator('aside header').getByText(/Quarantined: .*it would be #1/).waitFor();
  await page.locator('aside header .suspect').waitFor();
  await page.context().close();
});

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
for (const [colorScheme, width] of [['dark', 1440], ['light', 1024]]) {
  test(`axe finds nothing in the ledger, the ladder and the tape, ${colorScheme}`, { timeout: 120_000 }, async () => {
    const page = await openPanel(stack, { path: `#/ledger/${episode.contract_code}`, width, colorScheme, reducedMotion: 'reduce' });
    await page.locator('tr[data-episode]').first().waitFor({ timeout: 60_000 });
    await page.getByRole('heading', { name: 'Tape', exact: true }).waitFor({ timeout: 60_000 });
    await until(async () => (await page.locator('td.firm').count()) > 0, 'the ladder', 60_000);
    await page.locator('.chart canvas').first().waitFor();
    // Injected by the debugger, not by the page: the content policy stays as it is.
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    assert.deepEqual(found.violations.map((entry) => `${entry.id}: ${entry.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.any.map((check) => check.message).join('; ')}`).join(' | ')}`), []);
    await page.context().close();
  });
}
