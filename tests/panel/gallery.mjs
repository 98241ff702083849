// Pictures of every screen at three widths, dark and light, against the real scanner on the simulator.
//   SCANNER_BIN_DIR=build/debug/bin node tests/panel/gallery.mjs DIRECTORY [NAME…]
// NAME: parts of the pictures' names; without one, all of them.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { closeBrowser, openPanel, rows } from './support/browser.mjs';
import { sleep, Stack, until } from './support/stack.mjs';

const [directory, ...wanted] = process.argv.slice(2);
if (!directory) {
  console.error('usage: node tests/panel/gallery.mjs DIRECTORY [NAME…]');
  process.exit(2);
}
mkdirSync(directory, { recursive: true });

const press = (key) => async (page) => {
  await page.keyboard.press(key);
  await page.getByRole('dialog').waitFor();
};
const tab = (label) => async (page) => {
  await press(',')(page);
  await page.getByRole('dialog').getByText(label, { exact: true }).first().click();
};
const below = (heading) => async (page) => {
  await page.locator('.chart canvas').first().waitFor();
  await page.locator('aside').getByRole('heading', { name: heading, exact: true }).evaluate((node) => node.scrollIntoView());
};
const SCREENS = {
  table: ['', async () => undefined],
  drawer: ['#/BTC-USDT', async (page) => { await page.locator('.chart canvas').first().waitFor(); }],
  'drawer-score': ['#/BTC-USDT', below('Score')],
  'drawer-micro': ['#/BTC-USDT', below('Microstructure')],
  opportunities: ['#/opportunities', async (page) => { await page.locator('article').first().waitFor(); }],
  spotlight: ['', async (page) => {
    await page.keyboard.press('/');
    await page.getByRole('combobox').fill('et');
    await page.locator('.card').first().waitFor();
  }],
  scoring: ['', press(',')],
  watchlists: ['', tab('Watchlists')],
  display: ['', tab('Display')],
  alerts: ['', press('a')],
  health: ['', press('h')],
  keys: ['', press('?')],
  filters: ['', async (page) => { await page.getByRole('button', { name: 'Filters' }).click(); }],
  columns: ['', async (page) => { await page.getByRole('button', { name: 'Columns' }).click(); }],
  left: ['', async (page) => { await page.locator('.counts').click(); }],
};

/** State worth looking at, where the scanner keeps any. */
async function furnish(stack) {
  const post = (path, body) => stack.json(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }).catch(() => undefined);
  await post('/watchlists', { name: 'Majors', symbols: ['BTC-USDT', 'ETH-USDT', 'SOL-USDT', 'XRP-USDT'] });
  await post('/watchlists', { name: 'On probation', symbols: ['DOGE-USDT'] });
  await post('/alerts/rules', { name: 'top mover', expression: 'rank <= 5 and rank_delta >= 2', cooldown_sec: 30, enabled: true });
  await post('/alerts/rules', { name: 'manipulated', expression: 'manip_score >= 40', cooldown_sec: 60, enabled: true });
}

const stack = await Stack.start({ simulator: ['--scenario', 'all', '--prevalence', '0.1'] });
try {
  await furnish(stack);
  const settle = Date.now() + 30_000;
  await until(async () => (await stack.json('/rankings?top=200')).items.some((item) => item.manip_flags.length > 0), 'a flag', 60_000).catch(() => undefined);
  await sleep(Math.max(0, settle - Date.now()));
  for (const [width, height] of [[1440, 900], [1024, 768], [375, 812]]) {
    for (const colorScheme of ['dark', 'light']) {
      for (const [screen, [path, reach]] of Object.entries(SCREENS)) {
        const name = `${screen}-${width}-${colorScheme}`;
        if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
        const page = await openPanel(stack, { path, width, height, colorScheme, ...(width < 500 ? { hasTouch: true, isMobile: true, deviceScaleFactor: 2 } : {}) });
        try {
          if (!path.startsWith('#/opp')) await rows(page).first().waitFor({ state: 'attached' });
          await reach(page);
          await sleep(1_500);
          await page.screenshot({ path: join(directory, `${name}.png`) });
        } catch (error) {
          console.error(`${name}: ${error.message.split('\n')[0]}`);
        }
        await page.context().close();
      }
    }
  }
} finally {
  await closeBrowser();
  await stack.stop();
}
