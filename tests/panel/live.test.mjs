// Everything that moves, moves; everything that no longer does, looks it. On the bundle as built: what a minifier or a
// bundler makes of a dependency shows nowhere else.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, openPanel, shownCodes, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

let stack;
before(async () => {
  stack = await Stack.start({ simulator: ['--scenario', 'all', '--prevalence', '0.1'], scanner: { MIN_QVOL_USDT: '1000000' } });
});
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

/** Sections of the drawer by their headings. */
const SECTIONS = ['Price', 'Depth', 'Execution cost', 'Spread', 'Score', 'Manipulation', 'Momentum', 'Microstructure', 'Recent trades'];

/** Text of each section of the drawer without its age, and whether it looks old. */
const sections = (page) => page.evaluate((titles) => Object.fromEntries([...document.querySelectorAll('aside section')].flatMap((node) => {
  const title = node.querySelector('h3')?.textContent ?? '';
  if (!titles.includes(title)) return [];
  const body = node.querySelector(':scope > div') ?? node;
  return [[title, { text: body.innerText + [...body.querySelectorAll('path')].map((path) => path.getAttribute('d')).join(),
    age: node.querySelector('.part-age')?.textContent ?? '', seq: Number(node.querySelector('.part-age')?.dataset.seq),
    old: node.dataset.old === 'true', opacity: Number(getComputedStyle(body).opacity) }]];
})), SECTIONS);

const cards = (page) => page.locator('article').evaluateAll((all) => Object.fromEntries(all.map((node) => [node.querySelector('h2 a').hash.split('/').at(-1), {
  text: (node.querySelector('.body') ?? node).textContent, age: node.querySelector('.part-age')?.textContent ?? '', seq: Number(node.querySelector('.part-age')?.dataset.seq),
  old: node.dataset.old === 'true', opacity: Number(getComputedStyle(node.querySelector('.body') ?? node).opacity) }])));

/** Waits until `look` gave two more values of each part than the first. */
async function changesTwice(look, what, ms = 30_000) {
  const seen = new Map();
  await until(async () => {
    for (const [part, text] of Object.entries(await look())) seen.set(part, (seen.get(part) ?? new Set()).add(text));
    return seen.size > 0 && [...seen.values()].every((texts) => texts.size >= 3);
  }, `${what} changes`, ms).catch((error) => {
    const still = [...seen].filter(([, texts]) => texts.size < 3).map(([part, texts]) => `${part} (${texts.size})`);
    throw new Error(`${error.message}; still: ${still.join(', ')}`);
  });
}
const textsOf = async (parts) => Object.fromEntries(Object.entries(await parts).map(([part, { text }]) => [part, text]));

test('the table and every section of the drawer follow the cycles', { timeout: 120_000 }, async () => {
  const page = await openPanel(stack, { path: '#/BTC-USDT' });
  await waitForRows(page);
  await until(async () => Object.keys(await sections(page)).length === SECTIONS.length, 'every section');
  // Longer than the others need: a minute without a trade is possible.
  await changesTwice(() => textsOf(sections(page)), 'the drawer', 80_000);
  await changesTwice(async () => ({ table: await page.locator('main tbody').innerText(), head: await page.locator('aside > header').innerText() }), 'the table');
  // They are of the cycles of now, not of the one that the drawer was opened in.
  const { seq } = (await stack.json('/rankings?top=1'));
  for (const [title, part] of Object.entries(await sections(page))) {
    assert.ok(part.seq >= seq - 8, `${title} is of cycle ${part.seq}, the ranking of ${seq}`);
    assert.equal(part.old, false, `${title} looks old: ${part.age}`);
    assert.match(part.age, /^\d+ s/, title);
  }
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('each input has its age, its limit and its state in the drawer', { timeout: 150_000 }, async () => {
  let spoil = false;
  const page = await openPanel(stack, { path: '#/BTC-USDT', before: (made) => made.route('**/symbol/*/inspect', async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    // As the scanner says it once the exchange's candles stopped: fresh book, old candles, no index.
    if (spoil) {
      // Well into its minute: the console's clock moves once a second, so a round hour could still be 59 minutes there.
      Object.assign(body.inputs.candles, { time: new Date(Date.now() - 3_625_000).toISOString(), age_ms: 3_625_000, state: 'stale', note: 'candles stopped' });
      Object.assign(body.inputs.index, { time: null, age_ms: null, state: 'missing', note: null });
    }
    await route.fulfill({ response: answer, json: body });
  }) });
  const inputs = () => page.locator('aside tr[data-input]').evaluateAll((all) => Object.fromEntries(all.map((row) => [row.dataset.input, { state: row.dataset.state, text: row.innerText.replace(/\s+/g, ' ') }])));
  await until(async () => Object.keys(await inputs()).length >= 6, 'the inputs', 20_000);
  await until(async () => { const all = await inputs(); return ['ticker', 'order_book', 'candles'].every((name) => all[name].state === 'live'); }, 'live ones');
  assert.match((await inputs()).order_book.text, /^order book \d/);
  await changesTwice(async () => { const { order_book: book, ticker } = await inputs(); return { ages: book.text + ticker.text }; }, 'their ages', 60_000);
  spoil = true;
  await until(async () => (await inputs()).candles.state === 'stale', 'old candles');
  const shown = await inputs();
  assert.match(shown.candles.text, /candles 60 min .* stale ?candles stopped/);
  assert.equal(shown.index.state, 'missing');
  assert.match(shown.index.text, /^index –/);
  await until(async () => (await inputs()).order_book.state === 'live', 'the book is fresh all the same');
  await page.context().close();
});

test('cards of opportunities follow the cycles', { timeout: 120_000 }, async () => {
  const page = await openPanel(stack, { path: '#/opportunities' });
  await page.locator('article').first().waitFor();
  const first = Object.keys(await cards(page));
  await changesTwice(async () => {
    const shown = await textsOf(cards(page));
    // Those that were there and still are; a contract may leave the list.
    return Object.fromEntries(Object.entries(shown).filter(([code]) => first.slice(0, 5).includes(code)));
  }, 'the cards');
  const { seq } = (await stack.json('/rankings?top=1'));
  for (const [code, card] of Object.entries(await cards(page))) {
    assert.ok(card.seq >= seq - 4, `${code} is of cycle ${card.seq}, the ranking of ${seq}`);
    assert.equal(card.old, false, `${code} looks old: ${card.age}`);
  }
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('alerts arrive in an open history, which reads them, and the bell says so when it is closed', { timeout: 120_000 }, async () => {
  const post = (path, body) => stack.json(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.keyboard.press('a');
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  await dialog.getByText('History').waitFor();
  await page.waitForTimeout(6_000);
  await post('/alerts/rules', { name: 'best', expression: 'rank <= 3', cooldown_sec: 1, enabled: true });
  const alerts = () => dialog.locator('tbody tr').count();
  await until(async () => (await alerts()) > 0, 'the first alerts');
  const before = await alerts();
  await until(async () => (await alerts()) > before, 'more alerts');
  assert.equal(await page.locator('.badge .dot.new').count(), 0, 'what is read while it comes is not new');
  await page.keyboard.press('Escape');
  await page.locator('.badge .dot.new').waitFor({ timeout: 30_000 });
  await stack.json('/alerts/rules/best', { method: 'DELETE' }).catch(() => undefined);
  await page.context().close();
});

test('health follows the scanner', { timeout: 60_000 }, async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.keyboard.press('h');
  const dialog = page.getByRole('dialog', { name: 'System health' });
  await dialog.getByRole('heading', { name: 'Cycle', exact: true }).waitFor();
  await changesTwice(async () => Object.fromEntries(await dialog.locator('section').evaluateAll((all) => all
    .map((node) => [node.querySelector('h3').textContent, node.innerText]).filter(([title]) => title === 'Cycle' || title === 'Exchange'))), 'health', 40_000);
  await page.context().close();
});

test('what cannot be fetched grows old beside a table that does not', { timeout: 120_000 }, async () => {
  const page = await openPanel(stack, { path: '#/BTC-USDT' });
  await until(async () => Object.keys(await sections(page)).length === SECTIONS.length, 'every section');
  await page.route('**/symbol/*/inspect', (route) => route.abort());
  await until(async () => Object.values(await sections(page)).every((part) => part.old), 'what inspect gives is old', 40_000);
  for (const [title, part] of Object.entries(await sections(page))) {
    assert.match(part.age, /^STALE \d+ s/, title);
    assert.ok(part.opacity < 0.8, `${title} is dimmed`);
  }
  assert.equal(await page.locator('tbody tr.old').count(), 0, 'the table is live');
  await page.unroute('**/symbol/*/inspect');
  await until(async () => Object.values(await sections(page)).every((part) => !part.old), 'all of it is fresh again', 60_000);
  await page.context().close();
});

test('with the exchange gone every part looks old, says how old, and is not copied as if it were live', { timeout: 240_000 }, async () => {
  const drawer = await openPanel(stack, { path: '#/BTC-USDT' });
  const ideas = await openPanel(stack, { path: '#/opportunities' });
  await until(async () => Object.keys(await sections(drawer)).length === SECTIONS.length, 'every section');
  await ideas.locator('article').first().waitFor();
  await until(async () => Object.values(await cards(ideas)).every((card) => !card.old), 'live cards');
  const copied = () => ideas.evaluate(() => navigator.clipboard.readText());

  // Copied while live: no mark, but the ranking that it is of.
  const [code] = Object.keys(await cards(ideas));
  const card = ideas.locator(`article[data-code="${code}"]`);
  await card.getByRole('button', { name: `Copy ${code} as text` }).click();
  await until(async () => (await copied()).startsWith(code), 'the text');
  assert.match(await copied(), /\nas of 20\d\d-\d\d-\d\dT[\d:.]+Z, profile \w+, cycle \d+, notional 10000 USDT$/);
  await card.getByRole('button', { name: `Copy ${code} as JSON` }).click();
  await until(async () => (await copied()).startsWith('{'), 'the JSON');
  const json = JSON.parse(await copied());
  assert.ok(Number.isSafeInteger(json.seq) && json.profile === 'scalp' && !Number.isNaN(Date.parse(json.ts)) && json.notional === 10_000, JSON.stringify(json));

  await stack.simulator.stop('SIGKILL');
  await drawer.locator('[data-notice="stale"]').waitFor({ timeout: 60_000 });
  await until(async () => Object.values(await sections(drawer)).every((part) => part.old), 'every section looks old', 40_000);
  for (const [title, part] of Object.entries(await sections(drawer))) {
    assert.match(part.age, /^STALE \d+ s/, title);
    assert.ok(part.opacity < 0.8, `${title} is dimmed`);
  }
  assert.match(await drawer.locator('aside > header .part-age').innerText(), /^STALE \d+ s/);
  assert.ok(await drawer.locator('aside > header dl.is-old').count(), 'the head of the drawer');
  // Each by its own age, so not all in the same second.
  await until(async () => (await drawer.locator('tbody tr[data-code]:not(.old)').count()) === 0, 'every row looks old', 20_000);

  await ideas.locator('[data-notice="stale"]').waitFor({ timeout: 20_000 });
  await until(async () => { const all = Object.values(await cards(ideas)); return all.length > 0 && all.every((each) => each.old); }, 'every card looks old', 20_000);
  for (const [name, each] of Object.entries(await cards(ideas))) {
    assert.match(each.age, /^STALE \d+ s/, name);
    assert.ok(each.opacity < 0.8, `${name} is dimmed`);
  }
  const old = ideas.locator('article').first();
  await ideas.evaluate(() => navigator.clipboard.writeText('nothing'));
  await old.getByRole('button', { name: /as JSON$/ }).click();
  await ideas.getByRole('status').getByText(/^STALE \d+ s: not copied/).waitFor();
  await ideas.getByRole('button', { name: 'All as JSON' }).click();
  assert.equal(await copied(), 'nothing', 'a program would take it for live');
  await old.getByRole('button', { name: /as text$/ }).click();
  await until(async () => /^STALE \d+ s\n/.test(await copied()), 'the text says that it is old');
  assert.match(await copied(), /\nas of 20/);

  await stack.startSimulator();
  await until(async () => Object.values(await sections(drawer)).every((part) => !part.old), 'live again', 120_000);
  await until(async () => Object.values(await cards(ideas)).every((each) => !each.old), 'the cards too', 30_000);
  await drawer.context().close();
  await ideas.context().close();
});

test('with the scanner gone too', { timeout: 180_000 }, async () => {
  const drawer = await openPanel(stack, { path: '#/BTC-USDT' });
  const ideas = await openPanel(stack, { path: '#/opportunities' });
  const health = await openPanel(stack);
  await until(async () => Object.keys(await sections(drawer)).length === SECTIONS.length, 'every section');
  await ideas.locator('article').first().waitFor();
  await waitForRows(health);
  await health.keyboard.press('h');
  const dialog = health.getByRole('dialog', { name: 'System health' });
  await dialog.getByRole('heading', { name: 'Cycle', exact: true }).waitFor();
  await stack.scanner.stop();
  await until(async () => Object.values(await sections(drawer)).every((part) => part.old && part.opacity < 0.8), 'every section looks old', 60_000);
  await until(async () => Object.values(await cards(ideas)).every((each) => each.old && each.opacity < 0.8), 'every card looks old', 60_000);
  await until(async () => (await dialog.locator('section').count()) === (await dialog.locator('section[data-old="true"]').count()), 'health looks old', 60_000);
  assert.match(await dialog.innerText(), /Last answer \d+ s ago/);
  assert.equal(await health.getByRole('button', { name: /^System health/ }).getAttribute('aria-label').catch(() => 'hidden'), 'System health: unknown');
  assert.ok((await shownCodes(drawer)).length > 0);
  await stack.startScanner();
  await until(async () => Object.values(await sections(drawer)).every((part) => !part.old), 'live again', 90_000);
  for (const page of [drawer, ideas, health]) await page.context().close();
});
