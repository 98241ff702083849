// A pump that the simulator plants, seen where a trader would see it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, column, openPanel, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

let stack;
before(async () => {
  // Pumps choose contracts beside the majors; with the usual limits a pumped one leaves the ranking. Time runs faster,
  // because a pump takes minutes.
  stack = await Stack.start({
    simulator: ['--scenario', 'pump', '--prevalence', '0.3', '--speed', '10'],
    scanner: { MIN_QVOL_USDT: '100000', MAX_SPREAD_BPS: '2000' },
  });
});
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

/** Codes of the contracts that were pumped so far, as the simulator labels them. */
async function pumped() {
  const response = await fetch(`${stack.simulatorUrl}/_simulator/labels?since=0`);
  const labels = (await response.text()).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
  return new Set(labels.filter((label) => label.kind === 'pump' && label.manipulation && label.phase !== 'accumulation').map((label) => label.contract_code));
}

const words = (flag) => flag.replaceAll('_', ' ');

test('a planted pump turns up with its flag, in the table and in the drawer', { timeout: 300_000 }, async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  // Flags come and go with the cycles: the same look at scanner and console, until both show it.
  const { code } = await until(async () => {
    const planted = await pumped();
    const { items } = await stack.json('/rankings?top=200&page_size=100');
    const found = items.filter((item) => planted.has(item.contract_code) && item.manip_flags.includes('post_surge_reversal'));
    for (const { contract_code: candidate } of found) {
      await page.getByRole('searchbox', { name: 'Filter contracts by name' }).fill(candidate);
      const cell = page.locator(`tr[data-code="${candidate}"] td.manip .cell`);
      const flags = await cell.getAttribute('title', { timeout: 3_000 }).catch(() => null);
      if (flags?.includes(words('post_surge_reversal'))) return { code: candidate };
    }
    return null;
  }, 'a pumped contract with the flag of a pump', 240_000, 500);
  assert.match((await column(page, 'Manipulation'))[code], /^\d+/);

  await page.locator(`tr[data-code="${code}"] th`).click();
  const section = page.getByRole('complementary', { name: `${code} in full` }).locator('section', { has: page.getByRole('heading', { name: 'Manipulation', exact: true }) });
  await section.locator('.sum').waitFor();
  await until(async () => {
    const text = await section.innerText();
    return text.includes('post surge reversal') && /\+35/.test(text);
  }, 'the flag with its points in the drawer', 120_000);
  assert.match(await section.innerText(), /Score \d+ = max\(flags \d+, model \d+ %\)/);
  assert.match(await section.innerText(), /Model inputs \(log-odds/);
  await section.locator('figure svg').waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('the table can show only what is flagged, or leave one flag out', async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.getByRole('button', { name: /^Flagged/ }).click();
  const flags = () => page.locator('tbody td.manip .cell').evaluateAll((all) => all.map((cell) => cell.getAttribute('title') ?? ''));
  await until(async () => { const shown = await flags(); return shown.length > 0 && shown.every((text) => text !== ''); }, 'flagged ones only', 120_000);
  await page.getByRole('button', { name: 'Filters' }).click();
  await page.getByRole('checkbox', { name: 'post surge reversal' }).check();
  await page.keyboard.press('Escape');
  await until(async () => (await flags()).every((text) => !text.includes('post surge reversal')), 'without that flag');
  await page.context().close();
});
