// Recordings in the console: begun, seen to grow, stopped, downloaded, and what was downloaded replays.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { closeBrowser, openPanel, waitForRows } from './support/browser.mjs';
import { Stack, until } from './support/stack.mjs';

const TOKEN = 'a-token-for-the-recordings';
let stack;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'panel-downloads-'));
  stack = await Stack.start({ scanner: { FEED: 'required', MIN_QVOL_USDT: '1000000', API_TOKEN: TOKEN } });
});
after(async () => {
  await closeBrowser();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const pane = (page) => page.getByRole('dialog').locator('section', { has: page.getByRole('heading', { name: 'Recordings', exact: true }) });
/** What `market-scanner replay --list` makes of it: a line a ranking, and digests that were compared. */
async function replayed(download, name) {
  const path = join(folder, name);
  await download.saveAs(path);
  return execFileSync(join(process.env.SCANNER_BIN_DIR, 'market-scanner'), ['replay', path, '--list'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .split('\n').filter((line) => / seq \d+ /.test(line));
}

test('a recording is begun, stopped and downloaded in System health, and replays', { timeout: 180_000 }, async () => {
  const page = await openPanel(stack);
  await waitForRows(page);
  await page.keyboard.press('h');
  await pane(page).getByRole('button', { name: 'Enter it' }).click();
  await page.locator('#token').fill(TOKEN);
  await page.keyboard.press('Enter');
  await pane(page).getByRole('button', { name: 'Record', exact: true }).click();
  await pane(page).getByRole('button', { name: 'Stop recording' }).waitFor();
  const row = pane(page).locator('tr[data-recording]').first();
  await row.getByText('runs').waitFor();
  const listed = async () => (await stack.json('/recordings', { headers: { Authorization: `Bearer ${TOKEN}` } })).recordings;
  await until(async () => (await listed())[0].bytes > 100_000, 'something is recorded', 60_000);
  // A few rankings more, so that there is something to replay.
  const { seq } = await stack.json('/rankings?top=1');
  await until(async () => (await stack.json('/rankings?top=1')).seq >= seq + 5, 'rankings', 60_000);
  await pane(page).getByRole('button', { name: 'Stop recording' }).click();
  await pane(page).getByRole('button', { name: 'Record', exact: true }).waitFor();
  await until(async () => (await row.locator('td').nth(1).innerText()) !== '–' && !(await row.innerText()).includes('runs'), 'its size and end');
  const waiting = page.waitForEvent('download');
  await row.getByRole('button', { name: /^Download the recording from / }).click();
  const download = await waiting;
  assert.match(download.suggestedFilename(), /\.amsrec$/);
  assert.ok((await replayed(download, download.suggestedFilename())).length > 0, 'it replays');
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a drawer downloads the last minutes; of all contracts, because a feed is cut whole', { timeout: 120_000 }, async () => {
  const page = await openPanel(stack, { path: '#/BTC-USDT' });
  await waitForRows(page);
  const section = page.locator('aside section', { has: page.getByRole('heading', { name: 'Attach to a report' }) });
  const waiting = page.waitForEvent('download', { timeout: 60_000 });
  await section.getByRole('button', { name: 'Download' }).click();
  await page.locator('#token').fill(TOKEN);
  await page.keyboard.press('Enter');
  const download = await waiting;
  await page.getByRole('status').getByText('of all contracts (a live feed is cut whole)').waitFor();
  assert.ok((await replayed(download, `drawer-${download.suggestedFilename()}`)).length > 0, 'it replays');
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
