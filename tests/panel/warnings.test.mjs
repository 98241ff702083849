// What a trader must not overlook: who is over the manipulation threshold, which order is held, which number is whole.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, openPanel, rows, shownCodes, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

/** So low that the calm market of the simulator has contracts on both sides of it. */
const THRESHOLD = 10;
let stack;
before(async () => {
  stack = await Stack.start();
  await stack.json('/settings', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ manipulation_threshold: THRESHOLD }) });
});
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

/** Rows in sight: score as shown, and whether the warning beside the name is visible within the window. */
const warned = (page) => page.evaluate(() => [...document.querySelectorAll('main tbody tr[data-code]')].map((row) => {
  const mark = row.querySelector('th .suspect')?.getBoundingClientRect();
  const scroller = document.querySelector('main .scroll.table').getBoundingClientRect();
  return { code: row.dataset.code, score: Number(row.querySelector('td.manip .badge').textContent),
    visible: mark !== undefined && mark.width > 8 && mark.left >= scroller.left && mark.right <= scroller.right,
    reason: row.querySelector('th .suspect')?.getAttribute('aria-label') ?? '' };
}).filter((row) => !Number.isNaN(row.score)));

for (const [width, path, what] of [[1440, '', 'a desktop'], [1440, '#/BTC-USDT', 'an open drawer'], [1024, '', 'a small window'], [1024, '#/BTC-USDT', 'a drawer in a small window'], [375, '', 'a phone']]) {
  test(`the warning stands beside the name: ${what}`, { timeout: 60_000 }, async () => {
    const page = await openPanel(stack, { path, width });
    await waitForRows(page);
    await until(async () => (await warned(page)).some((row) => row.visible), 'a warning');
    for (const row of await warned(page)) {
      // Scores are shown rounded: the threshold itself may be either.
      if (row.score === THRESHOLD) continue;
      assert.equal(row.visible, row.score > THRESHOLD, JSON.stringify(row));
      if (row.visible) assert.match(row.reason, /^manipulation \d+, threshold 10: (model \d+ %|\w)/, row.code);
    }
    // Scrolled to the right end it is still there: the name is.
    await page.locator('main .scroll.table').evaluate((node) => { node.scrollLeft = 10_000; });
    await until(async () => (await warned(page)).some((row) => row.visible), 'a warning at the right end');
    await page.context().close();
  });
}

test('Flagged has every contract over the threshold, the banner counts those of the top ten', { timeout: 90_000 }, async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  const banner = page.locator('[data-notice="manipulation"]');
  await banner.getByText(/^([1-9]|10) of the top 10 (is|are) over the manipulation threshold/).waitFor();
  // The same look at scanner and console, until both are of one cycle.
  await until(async () => {
    const { items } = await stack.json('/rankings?top=200&page_size=100');
    const over = items.filter((item) => item.manip_score >= THRESHOLD);
    const shown = await banner.innerText();
    const chip = (await page.getByRole('button', { name: /^Flagged/ }).innerText()).replace(/\D/g, '');
    return shown.startsWith(`${over.filter((item) => item.rank <= 10).length} of the top 10`)
      && Number(chip) === new Set([...over, ...items.filter((item) => item.manip_flags.length > 0)].map((item) => item.contract_code)).size;
  }, 'the scanner\'s own counts', 40_000);
  await page.getByRole('button', { name: /^Flagged/ }).click();
  await until(async () => { const all = await warned(page); return all.length > 0 && all.every((row) => row.score >= THRESHOLD || row.reason !== ''); }, 'only those');
  assert.ok((await warned(page)).some((row) => /model \d+ %/.test(row.reason)), 'without any flag');
  await page.context().close();
});

test('drawer and cards carry the warning too, and such a card is none to trade', { timeout: 90_000 }, async () => {
  const { items } = await until(async () => {
    const answer = await stack.json('/rankings?top=200&page_size=100');
    return answer.items.some((item) => item.manip_score >= 2 * THRESHOLD) ? answer : null;
  }, 'a contract well over it', 60_000);
  const { contract_code: code } = items.toSorted((a, b) => b.manip_score - a.manip_score)[0];
  const page = await openPanel(stack, { path: `#/opportunities/${code}` });
  const head = page.locator('aside > header');
  await head.locator('h2 + .suspect').waitFor();
  assert.match(await head.innerText(), /Over the manipulation threshold of 10: /);
  await page.locator('article').first().waitFor();
  await until(async () => page.locator('article:has(.suspect)').count(), 'a card over the threshold');
  const states = await page.locator('article').evaluateAll((all) => all.map((card) => ({ suspect: card.querySelector('.suspect') !== null,
    why: card.querySelector('summary')?.textContent ?? '', folded: card.querySelector('details')?.open === false })));
  for (const state of states.filter(({ suspect }) => suspect)) {
    assert.match(state.why, /^not tradable: .*manipulation \d+/);
    assert.ok(state.folded);
  }
  const firstOut = states.findIndex((state) => state.why !== '');
  assert.ok(firstOut < 0 || states.slice(firstOut).every((state) => state.why !== ''), 'they come last');
  await page.context().close();
});

test('wherever a contract over the threshold is named, its warning is beside the name', { timeout: 180_000 }, async () => {
  const post = (path, body) => stack.json(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  // Every contract with a score is over this one.
  await post('/settings', { manipulation_threshold: 0 });
  const { items } = await stack.json('/rankings?top=200&page_size=200');
  const codes = items.filter((item) => item.manip_score !== null).map((item) => item.contract_code);
  assert.ok(codes.length > 20);
  await post('/watchlists', { name: 'named', symbols: codes.slice(0, 5) });
  await post('/alerts/rules', { name: 'named', expression: 'rank <= 5', cooldown_sec: 3_600 });
  const page = await openPanel(stack);
  await waitForRows(page);
  /** Names that stand alone somewhere in sight, and those of them without a warning. */
  const named = () => page.evaluate((known) => {
    const names = new Set(known.map((code) => code.replace(/-USDT$/, '')));
    const all = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      const name = walker.currentNode.textContent.trim();
      if (!names.has(name) || !parent.checkVisibility()) continue;
      const around = parent.closest('[data-contract], th, header, [role="option"]');
      all.push({ name, where: (around ?? parent).outerHTML.slice(0, 160), warned: around?.querySelector('.suspect') !== null && around !== null });
    }
    return { count: all.length, bare: all.filter((entry) => !entry.warned) };
  }, codes);
  const sheet = page.getByRole('dialog', { name: 'Settings' });
  const tab = (label) => async () => { await page.keyboard.press(','); await sheet.locator('label', { hasText: label }).click(); };
  const to = (hash) => async () => page.evaluate((hash) => { location.hash = hash; }, hash);
  const places = {
    'the table': async () => undefined,
    'the drawer': async () => { await to(`#/${codes[0]}`)(); await page.locator('aside header h2').waitFor(); },
    opportunities: async () => { await to('#/opportunities')(); await page.locator('article').first().waitFor(); },
    watchlists: async () => { await tab('Watchlists')(); await sheet.locator('[data-contract]').first().waitFor(); },
    alerts: async () => { await page.keyboard.press('a'); await page.getByRole('dialog').locator('[data-contract]').first().waitFor({ timeout: 30_000 }); },
    'what a change of weights does': async () => {
      await page.keyboard.press(',');
      await sheet.getByRole('slider').first().evaluate((node) => { node.value = node.max; node.dispatchEvent(new Event('input', { bubbles: true })); });
      await sheet.locator('table [data-contract]').first().waitFor();
    },
    'System health': async () => { await page.keyboard.press('h'); await page.getByRole('dialog').locator('li [data-contract]').first().waitFor(); },
  };
  for (const [name, reach] of Object.entries(places)) {
    await reach();
    let seen;
    // A warning follows the next ranking.
    await until(async () => { seen = await named(); return seen.count > 0 && seen.bare.length === 0; }, `a warning beside each name: ${name}`, 15_000)
      .catch((error) => { throw new Error(`${error.message}: ${JSON.stringify(seen.bare.slice(0, 3))}`); });
    await page.keyboard.press('Escape');
    await until(async () => (await page.locator('dialog[open]').count()) === 0, `${name} closes`);
  }
  await page.keyboard.press('/');
  await page.getByRole('combobox', { name: 'Find a contract' }).fill(codes[0].replace('-USDT', ''));
  const options = page.getByRole('listbox', { name: 'Contracts' }).getByRole('option');
  await options.first().waitFor();
  await until(async () => (await options.count()) > 0 && (await options.count()) === (await options.filter({ has: page.locator('.suspect') }).count()), 'each that is found', 15_000);
  await page.keyboard.press('Escape');
  // In a sentence there is no room for an icon.
  await to(`#/${codes[0]}`)();
  await page.locator('aside header').getByRole('button', { name: /^(Add to|Remove from) / }).click();
  await page.getByRole('status').getByText(`${codes[0].replace('-USDT', '')} \u26a0 `).first().waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
  await stack.json('/alerts/rules/named', { method: 'DELETE' });
  await stack.json('/watchlists/named', { method: 'DELETE' });
  await post('/settings', { manipulation_threshold: THRESHOLD });
});

test('a card shows what is left after costs, no direction where there is none, and what does not pay last', { timeout: 90_000 }, async () => {
  const answers = new Map();
  const page = await openPanel(stack, { path: '#/opportunities', before: (made) => made.on('response', async (response) => {
    if (!response.url().includes('/opportunities?') || !response.ok()) return;
    const body = await response.json().catch(() => null);
    if (body !== null) answers.set(body.seq, body);
  }) });
  await page.locator('article').first().waitFor();
  const shownCards = () => page.locator('article').evaluateAll((all) => all.map((card) => ({ code: card.dataset.code, seq: Number(card.querySelector('.part-age').dataset.seq),
    net: card.querySelector('.worth b').textContent, text: card.textContent, why: card.querySelector('summary')?.textContent ?? '',
    prices: [...card.querySelectorAll('dd.level')].map((cell) => cell.textContent.trim()) })));
  // Cards and the answer that they show: the one may be there before the other.
  const cards = await until(async () => {
    const all = await shownCards();
    return all.length > 5 && all.every((card) => card.seq === all[0].seq) && answers.has(all[0].seq) ? all : null;
  }, 'cards of one answer');
  const { items, fees } = answers.get(cards[0].seq);
  assert.ok(fees.taker_pct > 0);
  const minus = (text) => Number(text.replace('−', '-'));
  for (const card of cards) {
    const item = items.find((entry) => entry.contract_code === card.code);
    if (item.reward_risk_net === null) assert.equal(card.net, '–', card.code);
    else assert.ok(Math.abs(minus(card.net) - item.reward_risk_net) < 0.0051, `${card.code}: ${card.net} of ${item.reward_risk_net}`);
    assert.equal(card.why !== '', !item.tradable, `${card.code}: ${card.why} of ${item.not_tradable}`);
    const { breakout } = item;
    if (item.side_bias === 'neutral') {
      assert.equal(item.entry_price, null);
      if (breakout !== null) {
        assert.match(card.text, /above, long.*below, short/s, card.code);
        assert.equal(card.prices.length, 10, 'entry, stop and three targets of each way');
        assert.deepEqual(card.prices.slice(0, 2).map(minus), [breakout.above.entry_price, breakout.below.entry_price], card.code);
      }
    } else if (item.entry_price !== null) assert.equal(minus(card.prices[0]), item.entry_price, card.code);
  }
  assert.ok(cards.some((card) => /above, long/.test(card.text)), 'a neutral one among them');
  const firstOut = cards.findIndex((card) => card.why !== '');
  assert.ok(firstOut >= 0 && cards.slice(firstOut).every((card) => card.why !== ''), 'what is none to trade comes last');
  const paying = cards.slice(0, firstOut).map((card) => minus(card.net));
  assert.deepEqual(paying, paying.toSorted((a, b) => b - a), 'best first');
  await page.context().close();
});

test('the cost in the drawer is slippage, spread and fees, there and back, of the one answer that has the book', { timeout: 60_000 }, async () => {
  const asked = [];
  const page = await openPanel(stack, { path: '#/BTC-USDT', before: (made) => made.on('request', (request) => asked.push(request.url())) });
  const section = page.locator('aside section', { has: page.getByRole('heading', { name: 'Execution cost', exact: true }) });
  await until(async () => /Taker fee 6\.00 bps a side/.test(await section.innerText()), 'the fee');
  const lines = await section.locator('tbody tr').evaluateAll((all) => all.map((row) => [...row.querySelectorAll('th, td.num')].map((cell) => cell.textContent)));
  assert.equal(lines.length, 7);
  for (const [size, oneWay, all] of lines) {
    if (oneWay === 'book too thin') continue;
    assert.match(oneWay, /^(\d\.\d\d|0\.0*[1-9]\d\d|\d\d\.\d|\d{3,})$/, `${size}: three significant digits`);
    assert.ok(Math.abs(Number(all) - 2 * (Number(oneWay) + 6)) < 0.06, `${size}: ${all} of ${oneWay}`);
  }
  assert.deepEqual(asked.filter((url) => /\/rankings\?.*notional=/.test(url)), []);
  await page.context().close();
});

test('a pointer on the rows holds them, one that was left there for a minute does not', { timeout: 120_000 }, async () => {
  // The minute passes on the page's own clock.
  const page = await openPanel(stack, { before: (made) => made.clock.install() });
  await waitForRows(page);
  const box = await rows(page).nth(5).boundingBox();
  await page.mouse.move(box.x + 300, box.y + 10);
  await page.locator('.held').waitFor();
  assert.ok((await page.locator('.held').boundingBox()).height >= 2, 'a strip that is seen');
  const held = await shownCodes(page);
  await page.clock.fastForward(50_000);
  await page.mouse.move(box.x + 301, box.y + 10);
  await page.clock.fastForward(50_000);
  await until(async () => /waiting/.test(await page.locator('.order-note').innerText()), 'it would like to sort');
  assert.deepEqual((await shownCodes(page)).slice(0, 12), held.slice(0, 12), 'held while it is there');
  assert.match(await page.locator('.order-note').innerText(), /10\d s|11\d s/, 'for how long');
  await page.clock.fastForward(11_000);
  await until(async () => (await page.locator('.held').count()) === 0, 'let go');
  await until(async () => JSON.stringify(await shownCodes(page)) !== JSON.stringify(held), 'rows move under a pointer at rest');
  assert.equal(await page.locator('.held').count(), 0, 'rows that move under it are no movement of it');
  await page.mouse.move(box.x + 340, box.y + 12);
  await page.locator('.held').waitFor();
  await page.context().close();
});

test('no number is cut, however long it gets', { timeout: 90_000 }, async () => {
  // The real ranking, with returns as in a pump of a thousand percent, over the one way that can be changed on its way.
  const big = async (page) => {
    await page.addInitScript(() => {
      window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({ code: 1006 })); } close() {} };
    });
    await page.route('**/stream/events*', (route) => route.abort());
    await page.route('**/rankings?*', async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      for (const item of body.items) Object.assign(item, { ret_1: -1061.53, ret_15: 12_061.53, score: -1053.68, volume_zscore: 1234.5, rank_delta: 147, funding_8h_pct: -12.3456, basis_bps: -12_345.6 });
      await route.fulfill({ response: answer, json: body });
    });
  };
  for (const [width, path] of [[1440, ''], [1024, '#/BTC-USDT'], [375, '']]) {
    const page = await openPanel(stack, { path, width, before: big });
    await waitForRows(page);
    await page.evaluate(() => document.fonts.ready);
    await until(async () => /12061\.53/.test(await page.locator('main tbody').innerText()), 'large numbers');
    const cut = await page.evaluate(() => [...document.querySelectorAll('main tbody tr[data-code] :is(td.num, td.rank)')].filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent));
    assert.deepEqual(cut, [], `${width} ${path}`);
    await page.context().close();
  }
});
