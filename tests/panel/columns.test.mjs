// Columns come from GET /fields, rows from the stream: the console has no list of numbers of its own and asks for no
// ranking a second time.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, column, openPanel, rows, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

let stack;
before(async () => { stack = await Stack.start(); });
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

const picker = (page) => page.getByRole('dialog', { name: 'Columns', exact: true });
const openPicker = (page) => page.getByRole('button', { name: 'Columns', exact: true }).click();

/** A number that no scanner has yet, in the answers of this one. */
const TILT = { name: 'tilt_bps', group: 'metrics', type: 'number', unit: 'bps', nullable: true, depends_on_request: false, digits: { decimals: 1 },
  minimum: -100, maximum: 100, meaning: 'Leans to one side.', source: 'book', in_items: true, in_rules: true, sortable: true, order: 'desc' };
const tilt = (item) => ({ ...item, tilt_bps: item.rank % 2 === 0 ? -item.rank / 3 : item.rank / 3 });
async function withTilt(page) {
  await page.route('**/fields', async (route) => {
    const answer = await route.fetch();
    const { fields } = await answer.json();
    await route.fulfill({ response: answer, json: { fields: [...fields, TILT] } });
  });
  await page.route('**/rankings?top=2000*', async (route) => {
    const answer = await route.fetch();
    const ranking = await answer.json();
    await route.fulfill({ response: answer, json: { ...ranking, items: ranking.items.map(tilt) } });
  });
  await page.routeWebSocket('**/stream/rankings*', (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => {
      const frame = JSON.parse(message);
      socket.send(JSON.stringify({ ...frame, items: frame.items?.map(tilt) }));
    });
  });
}

test('every number of an item can be shown, with the unit and the meaning that the scanner gives it', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  const { fields } = await stack.json('/fields');
  const numbers = fields.filter((field) => field.in_items && (field.type === 'number' || field.type === 'integer') && field.name !== 'rank_delta');
  assert.ok(numbers.length > 20, `${numbers.length} numbers`);
  await openPicker(page);
  const offered = async () => new Map(await picker(page).locator('label').evaluateAll((all) => all
    .map((label) => [label.querySelector('input').id.replace('column-', ''), label.title])));
  await until(async () => (await offered()).has(numbers.at(-1).name), 'the columns that the scanner has');
  const shown = await offered();
  for (const { name, meaning } of numbers) assert.ok(shown.get(name)?.startsWith(meaning), `${name}: ${shown.get(name)}`);
  await page.keyboard.press('Escape');
  const atr = fields.find((field) => field.name === 'atr_pct');
  assert.equal(await page.locator('th', { hasText: 'ATR' }).getAttribute('title'), atr.meaning);
  assert.match(await page.locator('th', { hasText: 'ATR' }).innerText(), new RegExp(atr.unit));
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a number that the console does not know is a column like any other', async () => {
  const page = await openPanel(stack, { before: withTilt });
  await waitForRows(page);
  await openPicker(page);
  const box = picker(page).getByRole('checkbox', { name: /^Tilt/ });
  assert.equal(await box.count(), 1);
  await box.check();
  await page.keyboard.press('Escape');
  const head = page.locator('th', { hasText: 'Tilt' });
  assert.equal(await head.getAttribute('title'), 'Leans to one side.');
  assert.match(await head.innerText(), /bps/);
  await until(async () => {
    const [cells, ranks] = [await column(page, 'Tilt'), await column(page, '#')];
    return Object.keys(cells).length > 5 && Object.values(cells).every((text) => /^(?:[+−]\d+\.\d|0\.0)$/.test(text)) && Object.keys(ranks).length > 5;
  }, 'its values, signed, with one decimal');
  await head.getByRole('button').click();
  const values = async () => Object.values(await column(page, 'Tilt')).map((text) => Number(text.replace('−', '-')));
  await until(async () => (await values()).every((value, at, all) => at === 0 || all[at - 1] >= value), 'sorted by it');
  // It is remembered, although the console knows of it only once the scanner has said what it has.
  await until(async () => (await page.evaluate(() => sessionStorage.getItem('market-scanner.view')))?.includes('tilt_bps'), 'saved');
  await page.reload();
  await waitForRows(page);
  await page.locator('th[aria-sort="descending"]', { hasText: 'Tilt' }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('after the first rows no ranking is fetched: frames have whole items', { timeout: 60_000 }, async () => {
  const asked = [];
  const page = await openPanel(stack, { before: (made) => made.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname === '/rankings' && search.includes('page_size')) asked.push(search);
  }) });
  await waitForRows(page);
  await until(async () => (await page.locator('.link').getAttribute('data-via')) === 'websocket' && (await page.locator('.link').getAttribute('data-phase')) === 'live', 'the stream');
  const { seq } = await stack.json('/rankings?top=1');
  await until(async () => (await stack.json('/rankings?top=1')).seq > seq + 5, 'more cycles');
  // The page's head asks for it ahead of the script, which takes that answer.
  assert.ok(asked.length <= 2, asked.join(' '));
  // What frames lacked once is there, and moves.
  for (const label of ['Volume', '15m', 'ATR', 'Age']) {
    assert.ok(Object.values(await column(page, label)).some((text) => text !== '–'), label);
  }
  const ages = JSON.stringify(await column(page, 'Age'));
  await until(async () => JSON.stringify(await column(page, 'Age')) !== ages, 'ages move');
  assert.equal(await page.locator('tbody tr.old').count(), 0);
  await page.context().close();
});

test('without the definitions the table lives on and says what is missing, until they can be read', { timeout: 90_000 }, async () => {
  const page = await openPanel(stack, { before: (made) => made.route('**/fields', (route) => route.abort()) });
  await waitForRows(page);
  const notice = page.locator('[data-notice="fields"]');
  await notice.waitFor();
  assert.match(await notice.innerText(), /What the columns mean could not be read/);
  assert.match(Object.values(await column(page, 'Volume')).join(), /\d[MB]/);
  assert.ok(await rows(page).count() > 5);
  await openPicker(page);
  await picker(page).getByText(/could not be read/).waitFor();
  await page.keyboard.press('Escape');
  await page.unroute('**/fields');
  await notice.waitFor({ state: 'detached', timeout: 30_000 });
  await page.locator('th[title^="Mean true range"]').waitFor();
  await page.context().close();
});
