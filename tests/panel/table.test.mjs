import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, column, openPanel, rows, shownCodes, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

let stack;
before(async () => { stack = await Stack.start(); });
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

test('the table shows the ranking that the API serves, in its order', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await until(async () => {
    const shown = (await shownCodes(page)).slice(0, 10);
    const served = (await stack.json('/rankings?top=10')).items.map((item) => item.contract_code);
    return JSON.stringify(shown) === JSON.stringify(served);
  }, 'the same order as /rankings');
  const volumes = await column(page, 'Volume');
  assert.ok(Object.values(volumes).every((text) => /^\d+\.\d[MB]$/.test(text)), JSON.stringify(volumes));
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('numbers change by themselves and the age of the data is in sight', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  const before = JSON.stringify(await column(page, 'Score'));
  await until(async () => JSON.stringify(await column(page, 'Score')) !== before, 'new scores');
  assert.match(await page.locator('.link').innerText(), /\d+ s/);
  await page.context().close();
});

test('a header sorts, turns around, and says so', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  const head = page.locator('th', { hasText: 'Volume' });
  await head.getByRole('button').click();
  await page.getByRole('status').getByText(/Sorted by Volume/).waitFor();
  assert.equal(await head.getAttribute('aria-sort'), 'descending');
  const value = (text) => Number.parseFloat(text) * { K: 1e3, M: 1e6, B: 1e9 }[text.at(-1)];
  const sorted = async (sign) => {
    const volumes = Object.values(await column(page, 'Volume')).map(value);
    return volumes.every((volume, index) => index === 0 || sign * (volumes[index - 1] - volume) >= 0);
  };
  await until(() => sorted(1), 'descending');
  await head.getByRole('button').click();
  assert.equal(await head.getAttribute('aria-sort'), 'ascending');
  await until(() => sorted(-1), 'ascending');
  await page.context().close();
});

test('rows hold still under the pointer, and say how many want to move', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await rows(page).nth(4).hover();
  const held = await shownCodes(page);
  const note = page.locator('.order-note', { hasText: 'waiting' });
  await note.waitFor({ timeout: 20_000 });
  assert.deepEqual((await shownCodes(page)).slice(0, 10), held.slice(0, 10));
  assert.match(await note.innerText(), /Order paused · \d+ rank changes? waiting/);
  // Those that want to move may change their minds until the key is pressed.
  await until(async () => {
    await page.keyboard.press('r');
    return JSON.stringify(await shownCodes(page)) !== JSON.stringify(held);
  }, 'moved on demand', 30_000, 300);
  await page.mouse.move(700, 20);
  await until(async () => (await page.locator('.order-note').count()) === 0, 'the note goes with the pointer');
  await page.context().close();
});

test('the filter takes names in any spelling, limits and flags', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  const field = page.getByRole('searchbox', { name: 'Filter contracts by name' });
  await field.fill('btcusdt, eth/usdt:usdt');
  await until(async () => JSON.stringify((await shownCodes(page)).sort()) === '["BTC-USDT","ETH-USDT"]', 'two contracts');
  await field.fill('nosuchthing');
  await page.getByText('No contract passes the filter.').waitFor();
  await page.getByRole('button', { name: 'Clear the filter' }).click();
  await page.getByRole('button', { name: 'Filters' }).click();
  await page.getByLabel('Volume at least').fill('100M');
  await page.getByLabel('Volume at least').press('Enter');
  await page.keyboard.press('Escape');
  await until(async () => Object.values(await column(page, 'Volume')).every((text) => /B$/.test(text) || Number.parseFloat(text) >= 100), 'large ones only');
  await page.context().close();
});

test('columns are chosen, moved, resized and remembered', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  const heads = () => page.locator('thead th').evaluateAll((all) => all.map((head) => head.innerText.replace(/[↓↑]/g, '').trim().split(/\s/)[0]));
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: 'Depth', exact: true }).check();
  await page.getByRole('checkbox', { name: /^Vol z/ }).uncheck();
  await page.keyboard.press('Escape');
  const funding = page.locator('th', { hasText: 'Funding' }).getByRole('button');
  await funding.focus();
  const widthBefore = (await funding.boundingBox()).width;
  await page.keyboard.press('Shift+ArrowRight');
  await until(async () => (await funding.boundingBox()).width > widthBefore, 'wider');
  const before = await heads();
  await page.keyboard.press('Alt+ArrowLeft');
  await until(async () => (await heads()).indexOf('Funding') === before.indexOf('Funding') - 1, 'one to the left');
  const shown = await heads();
  assert.ok(shown.includes('Depth') && !shown.includes('Vol'));
  const width = (await page.locator('th', { hasText: 'Funding' }).boundingBox()).width;
  const stored = () => page.evaluate(() => JSON.parse(sessionStorage.getItem('market-scanner.view') ?? '{}').columns?.desktop ?? []);
  await until(async () => (await stored()).indexOf('funding_8h_pct') === shown.indexOf('Funding'), 'saved');
  await page.reload();
  await waitForRows(page);
  assert.deepEqual(await heads(), shown);
  assert.ok(Math.abs((await page.locator('th', { hasText: 'Funding' }).boundingBox()).width - width) < 1);
  await page.context().close();
});

test('changed cells flash once and stop', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await until(() => page.locator('td span:is(.rise-a, .rise-b, .fall-a, .fall-b)').count(), 'a flash', 20_000, 20);
  assert.equal(await page.locator('td[aria-live], td [aria-live]').count(), 0);
  await page.context().close();
});

test('a preset filters with one press and shows how many match', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  const all = page.getByRole('button', { name: /^All/ });
  await until(async () => Number((await all.innerText()).replace(/\D/g, '')) === (await stack.json('/rankings?top=200')).total, 'as many as are ranked');
  await page.getByRole('button', { name: /^Flagged/ }).click();
  assert.equal(await page.getByRole('button', { name: /^Flagged/ }).getAttribute('aria-pressed'), 'true');
  await page.context().close();
});

test('why a contract is not in the list', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.locator('.counts').click();
  const dialog = page.getByRole('dialog', { name: 'Excluded contracts' });
  await dialog.getByText(/listed,/).waitFor();
  await dialog.getByText('volume too low').waitFor();
  await page.context().close();
});
