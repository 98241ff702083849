// The built console behind nginx, TLS in front, as docs/operations.md configures it: at the root, below a path that nginx passes
// on, and below one that it takes off.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closeBrowser, column, openPanel, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

const script = join(dirname(fileURLToPath(import.meta.url)), '../deploy/nginx.py');
const TOKEN = 'a-token-for-the-tests';
let stack;
before(async () => { stack = await Stack.start({ scanner: { API_TOKEN: TOKEN, BASE_PATH: '/tools/scanner' } }); });
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

async function nginx(...flags) {
  const child = spawn('python3', [script, `${stack.port}`, ...flags], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data) => { output += data; });
  const url = await until(() => /^https:\S+/m.exec(output)?.[0], 'nginx runs', 60_000);
  return { url, stop: async () => { child.stdin.end(); await once(child, 'exit'); } };
}

for (const [name, flags] of Object.entries({
  'at the root': [],
  'below a path that is passed on': ['/tools/scanner'],
  'below a path that is taken off': ['/tools/scanner', '--strip'],
})) {
  test(`${name}: frames by WebSocket, a contract's drawer, a change by its token, the documentation`, { timeout: 180_000 }, async () => {
    const proxy = await nginx(...flags);
    try {
      const failed = [];
      const requested = [];
      const page = await openPanel(proxy, { path: `#token=${TOKEN}`, ignoreHTTPSErrors: true, before: async (made) => {
        made.on('request', (request) => requested.push(request.url()));
        made.on('response', (response) => { if (response.status() >= 400) failed.push(`${response.status()} ${response.url()}`); });
        made.on('requestfailed', (request) => failed.push(`${request.url()}: ${request.failure()?.errorText}`));
      } });
      await waitForRows(page);
      await until(async () => (await page.locator('.link').getAttribute('data-via')) === 'websocket'
        && (await page.locator('.link').getAttribute('data-phase')) === 'live', 'WebSocket');
      const scores = JSON.stringify(await column(page, 'Score'));
      await until(async () => JSON.stringify(await column(page, 'Score')) !== scores, 'it goes on');
      assert.equal(await page.evaluate(() => getComputedStyle(document.body).fontFamily.includes('Inter')), true);

      assert.equal(await page.evaluate(() => location.hash), '', 'the token is not left in the address');
      assert.deepEqual(requested.filter((url) => url.toLowerCase().includes(TOKEN)), [], 'nor in one that a proxy logs');
      await page.keyboard.press('Home');
      await page.keyboard.press('w');
      await until(async () => (await stack.json('/watchlists')).length > 0, 'the first row on a watchlist, saved by the token');
      for (const list of (await stack.json('/watchlists'))) {
        await stack.json(`/watchlists/${list.name}`, { method: 'DELETE', headers: { Authorization: `Bearer ${TOKEN}` } });
      }
      await page.evaluate(() => { location.hash = '#/BTC-USDT'; });
      await page.getByRole('complementary').or(page.getByRole('dialog')).getByText('BTC').first().waitFor();
      await until(() => page.locator('canvas').count(), 'the chart, of a chunk that is loaded late');
      // A page that closes ends its requests, which is no failure.
      assert.deepEqual(failed.filter((entry) => !entry.includes('ERR_ABORTED')), []);
      assert.deepEqual(page.problems, []);

      for (const address of ['/docs', '/docs/']) {
        await page.goto(proxy.url + address);
        await page.locator('.opblock').first().waitFor();
      }
      await page.locator('#operations-health-getReady .opblock-summary-control').click();
      await page.locator('#operations-health-getReady .execute').click();
      const asked = page.locator('#operations-health-getReady .request-url');
      if (flags.length > 0) {
        await page.locator('#operations-health-getReady .live-responses-table .response-col_status', { hasText: '200' }).waitFor();
        assert.match(await asked.innerText(), /\/tools\/scanner\/ready/);
      }
      await page.context().close();
    } finally {
      await proxy.stop();
    }
  });
}
