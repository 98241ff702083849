import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, openPanel, rows, shownCodes, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

let stack;
before(async () => { stack = await Stack.start(); });
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

test('a row opens with everything that is known of its contract', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await rows(page).nth(1).click();
  const code = await page.locator('tr.open').getAttribute('data-code');
  assert.equal(new URL(page.url()).hash, `#/${code}`);
  const drawer = page.getByRole('complementary', { name: `${code} in full` });
  for (const title of ['Price', 'Depth', 'Execution cost', 'Spread', 'Score', 'Manipulation', 'Momentum', 'Microstructure', 'Recent trades']) {
    await drawer.getByRole('heading', { name: title, exact: true }).waitFor();
  }
  await drawer.locator('.chart canvas').first().waitFor();
  assert.match(await drawer.locator('.chart').getAttribute('aria-label'), /6[01] candles of 1m/);
  assert.ok(await drawer.getByRole('link', { name: /TradingView/ }).isVisible());
  assert.equal(await drawer.locator('tr.bid').count(), 10);
  await until(async () => /250K/.test(await drawer.innerText()) && /\d\.\d\d/.test(await drawer.locator('section', { hasText: 'Execution cost' }).innerText()), 'costs');
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('the waterfall adds up to the score that the API gives', async () => {
  const page = await openPanel(stack, { path: '#/BTC-USDT' });
  const section = page.locator('section', { has: page.getByRole('heading', { name: 'Score', exact: true }) });
  await section.locator('tr.total').waitFor();
  const { deltas, total } = await section.evaluate((node) => ({
    deltas: [...node.querySelectorAll('tbody tr:not(.total)')].map((row) => Number(row.querySelector('td').textContent.replace('−', '-').replace('+', ''))),
    total: Number(node.querySelector('tr.total td').textContent.replace('−', '-')),
  }));
  assert.equal(deltas.length, 9);
  assert.ok(Math.abs(deltas.reduce((sum, delta) => sum + delta, 0) - total) < 0.06, `${deltas} make ${total}`);
  await page.context().close();
});

test('five-minute candles on request, remembered', async () => {
  const page = await openPanel(stack, { path: '#/ETH-USDT' });
  await page.locator('.chart canvas').first().waitFor();
  await page.getByText('5m', { exact: true }).click();
  await until(async () => /candles of 5m/.test(await page.locator('.chart').getAttribute('aria-label')), '5m');
  await until(() => page.evaluate(() => localStorage.getItem('market-scanner.look')?.includes('"timeframe":"5m"')), 'saved');
  await page.reload();
  await until(async () => /candles of 5m/.test((await page.locator('.chart').getAttribute('aria-label').catch(() => '')) ?? ''), '5m after a reload');
  await page.context().close();
});

test('the chart ends at the newest price, which the head shows', async () => {
  const page = await openPanel(stack, { path: '#/BTC-USDT', before: (made) => made.route('**/symbol/*/inspect', async (route) => {
    // A candle that has closed, and away from the price: what the scanner has until it reads the next one.
    const answer = await route.fetch();
    const body = await answer.json();
    const last = body.bars_1m.at(-1);
    Object.assign(last, { closed: true, high: last.high * 1.02, close: last.high * 1.02 });
    await route.fulfill({ response: answer, json: body });
  }) });
  await page.locator('.chart canvas').first().waitFor();
  await until(() => page.evaluate(() => {
    const price = document.querySelector('aside header .price dd').textContent.trim();
    return price !== '–' && document.querySelector('.chart').getAttribute('aria-label').endsWith(` to ${price}`);
  }), 'the price of the head at the end of the candles');
  await page.context().close();
});

test('an address opens its contract, Escape closes it, back returns', async () => {
  const page = await openPanel(stack, { path: '#/btcusdt' });
  await page.getByRole('complementary', { name: 'BTC-USDT in full' }).waitFor();
  await waitForRows(page);
  await page.keyboard.press('Escape');
  await until(async () => (await page.getByRole('complementary').count()) === 0, 'closed');
  await page.goBack();
  await page.getByRole('complementary', { name: 'BTC-USDT in full' }).waitFor();
  await page.context().close();
});

test('the keyboard walks rows with the drawer following', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  const codes = await shownCodes(page);
  await page.getByRole('complementary', { name: `${codes[0]} in full` }).waitFor();
  await page.keyboard.press('j');
  await page.getByRole('complementary', { name: `${codes[1]} in full` }).waitFor();
  assert.equal(new URL(page.url()).hash, `#/${codes[1]}`);
  await page.context().close();
});

test('an unknown contract is said to be one', async () => {
  const page = await openPanel(stack, { path: '#/NOPE-USDT' });
  await page.getByRole('complementary').getByText(/NOPE/).first().waitFor();
  await until(async () => /unknown|no contract|not/i.test(await page.locator('aside .body').innerText()), 'an explanation');
  await page.context().close();
});

test('spotlight finds any listed contract and opens it', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.keyboard.press('/');
  const field = page.getByRole('combobox', { name: 'Find a contract' });
  await field.fill('eth');
  const dialog = page.getByRole('dialog', { name: 'Find a contract' });
  await dialog.getByRole('option', { name: /^ETH/ }).first().waitFor();
  assert.match(await dialog.locator('.card').innerText(), /Volume 24h/);
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name: 'ETH-USDT in full' }).waitFor();
  await page.keyboard.press('Control+k');
  await field.waitFor();
  await page.keyboard.press('Escape');
  await until(async () => (await dialog.count()) === 0, 'closed');
  const out = (await stack.json('/symbols')).items.find((item) => !item.in_scan);
  assert.ok(out, 'the simulator lists something that is not scanned');
  await page.keyboard.press('/');
  await field.fill(out.contract_code.replace('-USDT', ''));
  await dialog.locator('.card .hint').waitFor();
  await page.context().close();
});

test('opportunities have prices, percentages and what lowers their confidence', async () => {
  const page = await openPanel(stack, { path: '#/opportunities' });
  await page.locator('article').first().waitFor();
  // The first one now: others may come before it.
  const href = await page.locator('article a').first().getAttribute('href');
  const code = href.split('/').at(-1);
  const card = page.locator('article', { has: page.locator(`a[href="${href}"]`) });
  // What does not pay is folded.
  for (const fold of await card.locator('summary').all()) await fold.click();
  for (const word of ['Entry', 'Stop', 'Target 3', 'Confidence', '= score']) await card.getByText(word).first().waitFor();
  await card.getByRole('button', { name: `Copy ${code} as text` }).click();
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await until(async () => new RegExp(`^${code} (long|short|neutral)`).test(await copied()), 'the text');
  await card.getByRole('button', { name: `Copy ${code} as JSON` }).click();
  await until(async () => { const text = await copied(); return text.startsWith('{') && JSON.parse(text).contract_code === code; }, 'the JSON');
  await card.getByRole('link').click();
  await page.getByRole('complementary', { name: `${code} in full` }).waitFor();
  assert.equal(new URL(page.url()).hash, `#/opportunities/${code}`);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('opportunities come with one request a cycle, which has the terms of the confidence as they came', { timeout: 90_000 }, async () => {
  const asked = [];
  const answers = new Map();
  const page = await openPanel(stack, { path: '#/opportunities', before: (made) => {
    made.on('request', (request) => { if (/\/(rankings|opportunities)\?/.test(request.url())) asked.push(new URL(request.url()).pathname); });
    made.on('response', async (response) => {
      if (!response.url().includes('/opportunities?') || !response.ok()) return;
      const body = await response.json().catch(() => null);
      if (body !== null) answers.set(body.seq, body);
    });
  } });
  await page.locator('article').first().waitFor();
  await until(() => answers.size >= 3, 'three cycles');
  const [item, text] = await until(async () => {
    const card = page.locator('article').first();
    const [seq, code, said] = [Number(await card.locator('.part-age').first().getAttribute('data-seq')),
      await card.getAttribute('data-code'), await card.locator('.confidence .sum').textContent()];
    const found = answers.get(seq)?.items.find((each) => each.contract_code === code);
    return found === undefined ? null : [found, said.replaceAll(/\s+/g, ' ')];
  }, 'a card and its answer');
  const { score, cost, manipulation, disorder } = item.confidence_terms;
  assert.ok(text.includes(`Confidence ${item.confidence}`), text);
  assert.ok(text.includes(`score ${Math.round(score)}`), `${text} of ${score}`);
  for (const [what, points] of [['spread and slippage', cost], ['manipulation', manipulation], ['anomaly and imbalance', disorder]]) {
    assert.equal(text.includes(`− ${what} ${Math.round(points)}`), points >= 0.5, `${text} of ${points}`);
  }
  // What a page asks for on opening is asked once; from then on a cycle costs one request.
  const cycles = asked.slice(asked.indexOf('/opportunities'));
  assert.ok(!cycles.includes('/rankings'), `in three cycles: ${asked.join(' ')}`);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('health shows cycles, the exchange, contracts and stores', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.keyboard.press('h');
  const dialog = page.getByRole('dialog', { name: 'System health' });
  for (const title of ['Cycle', 'Exchange', 'Contracts', 'Stores', 'Streams']) await dialog.getByRole('heading', { name: title, exact: true }).waitFor();
  assert.match(await dialog.innerText(), /Circuit breaker\s+closed/);
  await page.context().close();
});
