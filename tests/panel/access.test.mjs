import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { closeBrowser, openPanel, rows, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
let stack;
before(async () => {
  stack = await Stack.start({ simulator: ['--scenario', 'all', '--prevalence', '0.05'], scanner: { API_TOKEN: 'a-token-for-the-tests' } });
});
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

const axe = readFileSync(axePath, 'utf8');

async function violations(page) {
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.map((entry) => `${entry.id}: ${entry.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.any.map((check) => check.message).join('; ')}`).join(' | ')}`);
}

const go = (hash) => (page) => page.evaluate((to) => { location.hash = to; }, hash);
const key = (name) => async (page) => {
  await page.keyboard.press(name);
  await page.getByRole('dialog').waitFor();
};
const tab = (label) => async (page) => {
  await key(',')(page);
  await page.getByRole('dialog').locator('label', { hasText: label }).click();
};

/** A change that needs the token: the first row onto the watchlist. */
const star = async (page) => {
  await page.keyboard.press('Home');
  await key('w')(page);
};

/** One after the other on the same page; Escape ends each. */
const SCREENS = {
  'the table': async () => undefined,
  filters: async (page) => { await page.getByRole('button', { name: 'Filters' }).click(); },
  columns: async (page) => { await page.getByRole('button', { name: 'Columns' }).click(); },
  spotlight: async (page) => { await page.keyboard.press('/'); await page.getByRole('combobox').fill('et'); },
  scoring: key(','),
  watchlists: tab('Watchlists'),
  alerts: async (page) => {
    await key('a')(page);
    const rule = page.getByRole('dialog').getByRole('button', { name: 'New rule' });
    if (await rule.count()) await rule.click();
  },
  display: tab('Display'),
  health: key('h'),
  'the key sheet': key('?'),
  'the token dialog': star,
  'the token dialog after a wrong one': async (page) => {
    await star(page);
    await page.locator('#token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('Not accepted:').waitFor();
  },
  'a drawer': async (page) => { await go('#/BTC-USDT')(page); await page.locator('.chart canvas').first().waitFor(); },
  ledger: async (page) => { await go('#/ledger')(page); await page.getByRole('heading', { name: 'Ledger of manipulation' }).waitFor(); },
  opportunities: async (page) => { await go('#/opportunities')(page); await page.locator('article').first().waitFor(); },
};

// Each width and each theme; all six pairs when there is time for them.
const full = process.env.PANEL_FULL === '1';
for (const [width, height, usual] of [[1440, 900, 'dark'], [1024, 768, 'light'], [375, 812, 'dark']]) {
  for (const colorScheme of full ? ['dark', 'light'] : [usual]) {
    test(`axe finds nothing at ${width} px, ${colorScheme}`, { timeout: 240_000 }, async () => {
      // Without motion: contrast is measured on what stands still.
      const page = await openPanel(stack, { width, height, colorScheme, reducedMotion: 'reduce' });
      // Injected by the debugger, not by the page: the content policy stays as it is.
      await page.evaluate(axe);
      for (const [name, reach] of Object.entries(SCREENS)) {
        if (name !== 'opportunities') await rows(page).first().waitFor({ state: 'attached' });
        await reach(page);
        await page.waitForTimeout(150);
        assert.deepEqual(await violations(page), [], `${name} at ${width} px, ${colorScheme}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(wide, 0, `${name} at ${width} px does not overflow sideways`);
        await page.keyboard.press('Escape');
        await until(async () => (await page.locator('dialog[open]').count()) === 0, `${name} closes`);
      }
      assert.deepEqual(page.problems, []);
      await page.context().close();
    });
  }
}

test('everything is reached by keyboard, and the focus is seen', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  const seen = new Set();
  for (let press = 0; press < 60; ++press) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const node = document.activeElement;
      if (!node || node === document.body) return null;
      const style = getComputedStyle(node);
      return { name: (node.getAttribute('aria-label') ?? node.textContent ?? '').trim().slice(0, 30), outline: style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0 };
    });
    if (at === null) continue;
    assert.ok(at.outline, `the focus on "${at.name}" is seen`);
    seen.add(at.name);
  }
  for (const name of ['Markets', 'Opportunities', 'Find a contract', 'Alerts', 'Settings', 'Score', 'Filter contracts by name']) {
    assert.ok([...seen].some((entry) => entry.startsWith(name)), `${name} is among ${[...seen].join(', ')}`);
  }
  await page.context().close();
});

test('a focused row holds the order, and two polite regions are all that speak', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.mouse.move(700, 20);
  await page.keyboard.press('j');
  await page.locator('.order-note').waitFor();
  // What was done, and which alerts fired. Numbers that change are none.
  assert.deepEqual(await page.locator('[aria-live], [role="status"], [role="log"], [role="alert"]').evaluateAll((all) => all.map((node) => node.getAttribute('role'))), ['log', 'status']);
  await page.context().close();
});

test('times switch between UTC and local', async () => {
  const page = await openPanel(stack, { timezoneId: 'Asia/Tokyo' });
  await waitForRows(page);
  const clock = page.locator('.clock');
  assert.match(await clock.innerText(), /UTC/);
  const utc = Number((await clock.innerText()).slice(0, 2));
  await page.keyboard.press('t');
  await until(async () => /local/.test(await clock.innerText()), 'local time');
  assert.equal(Number((await clock.innerText()).slice(0, 2)), (utc + 9) % 24);
  await page.context().close();
});

test('reduced motion is honoured', async () => {
  const page = await openPanel(stack, { reducedMotion: 'reduce', path: '#/BTC-USDT' });
  await page.locator('aside').waitFor();
  const duration = await page.locator('aside').evaluate((node) => Number.parseFloat(getComputedStyle(node).animationDuration));
  assert.ok(duration < 0.001, `${duration} s`);
  await page.context().close();
});
