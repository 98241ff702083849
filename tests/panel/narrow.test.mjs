// Narrow windows and zoom, names that no font has, filters as people type them, and where the focus goes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, openPanel, rows, shownCodes, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

let stack;
before(async () => {
  stack = await Stack.start({ simulator: ['--contracts', '130'], scanner: { SCAN_TOP_BY_QVOL: '130', MIN_QVOL_USDT: '100000', MAX_SPREAD_BPS: '2000' } });
});
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute('href') ?? document.activeElement?.tagName);

// 720 at a scale of two is 1440 at 200 percent; 320 is 1280 at 400 percent.
for (const [width, height, scale] of [[1024, 768, 1], [774, 800, 1], [740, 800, 1], [720, 450, 2], [701, 800, 1], [480, 800, 1], [375, 812, 2], [320, 640, 1]]) {
  test(`at ${width} px nothing of the bars is cut off, and every control can be reached and seen`, { timeout: 120_000 }, async () => {
    const page = await openPanel(stack, { width, height, deviceScaleFactor: scale });
    await waitForRows(page);
    const cut = await page.evaluate(() => [...document.querySelectorAll('.bar :is(a, button), .toolbar :is(a, button, input)')]
      .filter((node) => node.checkVisibility() && node.closest('.presets, .skip') === null)
      .map((node) => ({ name: node.getAttribute('aria-label') ?? node.textContent.trim(), box: node.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 1 && (box.left < 0 || box.right > innerWidth + 0.5)).map(({ name, box }) => `${name} ${box.left}–${box.right}`));
    assert.deepEqual(cut, []);
    const hidden = [];
    for (let press = 0; press < 34; ++press) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const node = document.activeElement;
        if (node === null || node === document.body || node.closest('table') !== null) return null;
        const { left, top, width: w, height: h } = node.getBoundingClientRect();
        const over = document.elementFromPoint(left + w / 2, top + h / 2);
        return { name: node.getAttribute('aria-label') ?? node.textContent.trim(), seen: over !== null && (node.contains(over) || over.contains(node)) };
      });
      if (at !== null && !at.seen) hidden.push(at.name);
    }
    assert.deepEqual(hidden, [], 'the focus is always in sight');
    if (width <= 820) {
      await page.getByRole('button', { name: 'More', exact: true }).click();
      for (const name of ['Find a contract', 'Alerts', 'System health', 'Settings', 'Keyboard and definitions', /^Theme/, /^Times/]) {
        const box = await page.getByRole('dialog', { name: 'More' }).getByRole('button', { name }).boundingBox();
        assert.ok(box.x >= 0 && box.x + box.width <= width, `${name} at ${JSON.stringify(box)}`);
      }
      await page.getByRole('dialog', { name: 'More' }).getByRole('button', { name: 'Settings' }).click();
    } else {
      await page.getByRole('button', { name: 'Settings', exact: true }).click();
    }
    await page.getByRole('dialog', { name: 'Settings' }).waitFor();
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}

test('the column picker shows and edits the columns of the layout in use, and of no other', async () => {
  const page = await openPanel(stack, { width: 375, height: 812 });
  await waitForRows(page);
  const heads = () => page.locator('main thead th').evaluateAll((all) => all.map((head) => head.textContent.trim().split(/\s{2,}|(?<=\w)(?= )/)[0]));
  const picker = page.getByRole('dialog', { name: 'Columns', exact: true });
  const ticked = () => picker.locator('input:checked').count();
  await until(async () => (await heads()).length === 12, 'what fits a phone');
  const phone = await heads();
  await page.getByRole('button', { name: 'Columns', exact: true }).click();
  assert.equal(await ticked(), phone.length, 'what is shown is ticked');
  await picker.getByText('Columns of the phone layout').waitFor();
  await picker.getByRole('checkbox', { name: /^Age/ }).uncheck();
  assert.equal((await heads()).length, phone.length - 1, 'one column less, not all columns of the desktop');
  await page.keyboard.press('Escape');

  await page.setViewportSize({ width: 1440, height: 900 });
  await until(async () => (await heads()).length === 17, 'the desktop has its own');
  assert.ok((await heads()).some((head) => head.startsWith('Age')));
  await rows(page).nth(2).click();
  await page.getByRole('complementary').waitFor();
  await page.getByRole('button', { name: 'Columns', exact: true }).click();
  await picker.getByText('Columns of the open drawer layout').waitFor();
  const beside = (await heads()).length;
  assert.equal(await ticked(), beside);
  await picker.getByRole('checkbox', { name: /^ATR/ }).check();
  assert.equal((await heads()).length, beside + 1);
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'column-atr_pct', 'the focus goes with the box');
  await page.keyboard.press('Escape');
  assert.equal(await picker.count(), 0, 'Escape closes the picker first');
  assert.equal(await page.getByRole('complementary').count(), 1);
  await page.keyboard.press('Escape');
  await until(async () => (await heads()).length === 17, 'the desktop is as it was');
  await page.setViewportSize({ width: 375, height: 812 });
  await until(async () => (await heads()).length === phone.length - 1, 'so is the phone');
  await page.getByRole('button', { name: 'Columns', exact: true }).click();
  await picker.getByRole('button', { name: 'Reset columns' }).click();
  assert.deepEqual(await heads(), phone);
  await page.context().close();
});

test('a contract whose script has no font shows a name', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.getByRole('searchbox', { name: 'Filter contracts by name' }).fill('龙虾');
  await until(async () => JSON.stringify(await shownCodes(page)) === '["龙虾-USDT"]', 'the one contract of that name, and no other');
  const link = page.locator('tbody th a');
  const drawn = await page.evaluate(() => {
    // What this system draws for it: nothing and the box of a missing letter look like a noncharacter.
    const pen = document.createElement('canvas').getContext('2d');
    const look = (text) => { pen.clearRect(0, 0, 100, 60); pen.font = `20px ${getComputedStyle(document.body).fontFamily}`; pen.fillText(text, 4, 40); return pen.getImageData(0, 0, 100, 60).data.join(); };
    return look('龙') !== look('\u{10FFFF}');
  });
  // What has no letter at all is a box in the panel's own font: never nothing.
  assert.ok(await page.evaluate(() => {
    const pen = document.createElement('canvas').getContext('2d');
    pen.font = "20px 'Inter Panel'";
    pen.fillText('\u{10FFFF}', 4, 40);
    return pen.getImageData(0, 0, 100, 60).data.some((value) => value > 0);
  }), 'the box of a missing letter');
  assert.equal((await link.innerText()).trim(), drawn ? '龙虾' : 'U+9F99 U+867E');
  await link.click();
  await page.getByRole('complementary').getByRole('heading', { level: 2, name: drawn ? '龙虾' : 'U+9F99 U+867E' }).waitFor();
  await page.context().close();
});

test('the text filter knows every script', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  const field = page.getByRole('searchbox', { name: 'Filter contracts by name' });
  for (const [text, codes] of [['币安', ['币安人生-USDT']], ['币安，龙虾', ['币安人生-USDT', '龙虾-USDT']], ['é', []], ['!', []]]) {
    await field.fill(text);
    await until(async () => JSON.stringify((await shownCodes(page)).sort()) === JSON.stringify([...codes].sort()), `${text}: ${codes}`);
  }
  await page.context().close();
});

test('limits are taken as they are written, and what is no number is marked and stays', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.getByRole('button', { name: 'Filters' }).click();
  const spread = page.getByLabel('Spread at most, bps');
  const stored = () => page.evaluate(() => { dispatchEvent(new Event('pagehide')); return JSON.parse(sessionStorage.getItem('market-scanner.view')).filter; });
  for (const [text, value] of [['0,5', 0.5], ['2.5', 2.5], ['1,25 bps', 1.25]]) {
    await spread.fill(text);
    await spread.press('Tab');
    assert.equal((await stored()).maxSpread, value, text);
    assert.equal(await spread.getAttribute('aria-invalid'), 'false');
  }
  const volume = page.getByLabel('Volume at least');
  for (const text of ['10 mio', '10m', '10 M', '10,000,000']) {
    await volume.fill('');
    await volume.press('Tab');
    await volume.fill(text);
    await volume.press('Tab');
    assert.equal((await stored()).minVolume, 10e6, text);
  }
  for (const text of ['abc', '10 x', '1,500', '-3']) {
    await volume.fill(text);
    await volume.press('Tab');
    assert.equal(await volume.getAttribute('aria-invalid'), 'true', text);
    assert.equal(await volume.inputValue(), text, 'it stays to be corrected');
    assert.equal((await stored()).minVolume, 10e6, 'and changes nothing');
    await page.getByRole('dialog', { name: 'Filters' }).getByRole('alert').waitFor();
  }
  await page.context().close();
});

test('Escape in the drawer gives the focus back to its row, and a skip link leads to the rows', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Skip to the table' }).waitFor();
  await page.keyboard.press('Enter');
  const [first] = await shownCodes(page);
  assert.equal(await focused(page), `#/${first}`);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('complementary').waitFor();
  const code = await page.locator('tr.open').getAttribute('data-code');
  await page.locator('aside .body').focus();
  await page.keyboard.press('Escape');
  await until(async () => (await focused(page)) === `#/${code}`, 'the row has the focus again');
  await page.keyboard.press('Enter');
  await page.getByRole('complementary').getByRole('button', { name: 'Close' }).click();
  await until(async () => (await focused(page)) === `#/${code}`, 'so it has after Close');
  await page.context().close();
});

test('the keys walk the cards of Opportunities, and those of the table do nothing there', async () => {
  const page = await openPanel(stack, { path: '#/opportunities' });
  await page.locator('article').first().waitFor();
  await page.keyboard.press('j');
  const card = () => focused(page);
  await until(async () => /^#\/opportunities\//.test(await card()), 'the first card');
  await page.keyboard.press('c');
  const code = (await card()).split('/').at(-1);
  await until(async () => (await page.evaluate(() => navigator.clipboard.readText())) === code, 'its code');
  await page.keyboard.press('s');
  await page.keyboard.press('f');
  await page.keyboard.press('x');
  assert.match(await page.getByRole('status').innerText(), /copied/, 'nothing is sorted, paused or cleared');
  await page.keyboard.press('w');
  await page.getByRole('status').getByText(/added to/).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('complementary').waitFor();
  await page.locator('aside .body').focus();
  await page.keyboard.press('Escape');
  await until(async () => (await card()) === `#/opportunities/${code}`, 'back on the card');
  await page.context().close();
});

test('S shows its arrow on every column', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  for (let press = 0; press < 16; ++press) {
    await page.keyboard.press('s');
    await until(async () => (await page.locator('thead th .arrow').count()) === 1, `an arrow after ${press + 1}`);
  }
  await page.context().close();
});
