// The pictures of the documents: a calm market on the simulator, photographed.
//   SCANNER_BIN_DIR=build/release/bin node tests/panel/pictures.mjs [DIRECTORY [NAME…]]      (default: all, into docs/images)
// Packed with pngquant where that is installed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closeBrowser, openPanel, rows } from './support/browser.mjs';
import { sleep, Stack, until } from './support/stack.mjs';

const [target, ...wanted] = process.argv.slice(2);
const directory = target ?? join(dirname(fileURLToPath(import.meta.url)), '../../docs/images');
mkdirSync(directory, { recursive: true });

let stack = await Stack.start({
  simulator: ['--scenario', 'all', '--prevalence', '0.15', '--contracts', '100'],
  scanner: { FEED: 'required', SCAN_INTERVAL_SEC: '5', SCAN_TOP_BY_QVOL: '100', MIN_QVOL_USDT: '5000000', MAX_SPREAD_BPS: '20' },
});
const post = (path, body) => stack.json(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

async function take(name, { path = '', reach = async () => undefined, ...context }) {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const page = await openPanel(stack, { path, ...context });
  if (!/^#\/(opp|ledger)/.test(path)) await rows(page).first().waitFor({ state: 'attached' });
  await page.evaluate(() => document.fonts.ready);
  // Some cycles, so that histories are there.
  await sleep(16_000);
  await reach(page);
  await sleep(1_500);
  // A machine that is busy with something else shows old data.
  await page.locator('[data-notice="stale"]').waitFor({ state: 'detached', timeout: 60_000 });
  const file = join(directory, `${name}.png`);
  await page.screenshot({ path: file });
  await page.context().close();
  try {
    execFileSync('pngquant', ['--force', '--skip-if-larger', '--strip', '--quality', '80-98', '--output', file, file]);
  } catch (error) {
    if (error.code !== 'ENOENT' && ![98, 99].includes(error.status)) throw error;
  }
  console.log(`${file}: ${statSync(file).size} bytes`);
}

const chart = async (page) => { await page.locator('.chart canvas').first().waitFor(); };
const slide = (page, label, value) => page.getByRole('dialog').getByRole('slider', { name: label }).evaluate((node, to) => {
  node.value = to;
  node.dispatchEvent(new Event('input', { bubbles: true }));
}, `${value}`);

try {
  await post('/watchlists', { name: 'Majors', symbols: ['BTC-USDT', 'ETH-USDT', 'SOL-USDT', 'XRP-USDT'] });
  const wide = { width: 1440, height: 900 };
  await take('manipulation', { ...wide, reach: async (page) => {
    const flagged = await until(async () => (await stack.json('/rankings?top=200&page_size=100&sort=manip_score&order=desc')).items.find((item) => item.manip_flags.length > 1), 'two flags', 120_000, 1_000);
    await page.evaluate((code) => { location.hash = `#/${code}`; }, flagged.contract_code);
    await chart(page);
    await page.locator('aside').getByRole('heading', { name: 'Score', exact: true }).evaluate((node) => node.scrollIntoView());
  } });
  await post('/alerts/rules', { name: 'manipulated', expression: 'manip_score >= 40', cooldown_sec: 600 });
  await post('/alerts/rules', { name: 'into the top five', expression: 'rank <= 5 and rank + rank_delta > 5', cooldown_sec: 300 });
  await take('opportunities', { ...wide, path: '#/opportunities', reach: async (page) => { await page.locator('article').first().waitFor(); } });
  await take('settings', { ...wide, reach: async (page) => {
    await page.keyboard.press(',');
    await page.getByRole('dialog').waitFor();
    await slide(page, 'Spread penalty', 6.5);
    await slide(page, 'Momentum edge', 3.2);
  } });
  await take('alerts-light', { ...wide, colorScheme: 'light', reach: async (page) => { await page.keyboard.press('a'); await page.getByRole('dialog').waitFor(); } });
  // Late, when its histories are long.
  // Wide enough for the desktop's columns beside the drawer.
  await take('console', { width: 1960, height: 1100, path: '#/ETH-USDT', reach: chart });
  const phone = { width: 375, height: 812, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
  await take('phone', phone);
  await take('phone-drawer', { ...phone, path: '#/ETH-USDT', colorScheme: 'light', reach: chart });
  if (wanted.length === 0 || wanted.includes('ledger')) {
    await stack.stop();
    stack = await Stack.start({ simulator: ['--scenario', 'oi_paint', '--prevalence', '0.5', '--speed', '5'],
      scanner: { FEED: 'required', MANIP_MODEL: 'measured', MIN_QVOL_USDT: '100000', MAX_SPREAD_BPS: '2000' } });
    await until(async () => (await stack.json('/manipulation/episodes?limit=8')).items.length === 8, 'episodes', 240_000, 1_000);
    await take('ledger', { ...wide, path: '#/ledger', reach: async (page) => {
      const told = await until(async () => {
        for (const { id } of (await stack.json('/manipulation/episodes?status=ended')).items) {
          if ((await stack.json(`/manipulation/episodes/${encodeURIComponent(id)}`)).context?.trades.length > 20) return id;
        }
        return null;
      }, 'an episode with its tape', 240_000, 1_000);
      await page.locator(`tr[data-episode="${told}"] .when button`).click({ timeout: 60_000 });
      await page.locator('[data-detail] svg').waitFor();
    } });
  }
} finally {
  await closeBrowser();
  await stack.stop();
}
