import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { closeBrowser, launch, openPanel, rows, waitForRows } from './support/browser.mjs';
import { redirectStream, startFeed } from './support/feed.mjs';
import { sleep, Stack } from './support/stack.mjs';

const dist = join(dirname(fileURLToPath(import.meta.url)), '../../web/panel/dist');
const soakSeconds = Number(process.env.PANEL_SOAK_SEC ?? 300);
let stack;
before(async () => { stack = await Stack.start(); });
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

/** A console fed with 350 contracts, `perSecond` frames of them. */
async function openFed(perSecond, path = '') {
  const feed = await startFeed(perSecond);
  const page = await openPanel(stack, { path, bypassCSP: true, before: (made) => redirectStream(made, feed.port) });
  page.finish = async () => {
    await page.context().close();
    feed.stop();
  };
  await page.locator('table[aria-rowcount="351"]').waitFor();
  return page;
}

/** As it comes over the wire. */
function gzipped(file) {
  const content = readFileSync(file);
  return Math.min(content.length, gzipSync(content, { level: 9 }).length);
}
const page = join(dist, 'index.html');
const assets = readdirSync(join(dist, 'assets')).map((name) => join(dist, 'assets', name));

// Bytes. 150,000 and 81,000 were enough until every part had an age of its own, ideas their costs, each window its own view,
// and what is deleted a way back; 170,000 and 82,000 until there were the numbers of the live feed with the reasons for
// which one is missing, its state in the bar, ladder, tape, and the ledger of manipulation. What stands between a person
// and the first rows may not grow with the rest. docs/panel.md has the same limits.
const LIMITS = { total: 185_000, firstRows: 86_000 };

test('the built panel is within its size, gzipped', () => {
  // What /panel serves; /docs, beside it, is another page.
  const sizes = [page, ...assets].map((file) => [file, gzipped(file)]);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  console.log(`panel: ${total} bytes gzipped`);
  assert.ok(total < LIMITS.total, JSON.stringify(sizes));
});

test('what is loaded before the first rows is within its size, gzipped', () => {
  const html = readFileSync(page, 'utf8');
  const style = readFileSync(assets.find((file) => file.endsWith('.css')), 'utf8');
  // What the page names, and the fonts of its style sheet; all else is imported later.
  const early = assets.filter((file) => html.includes(file.slice(dist.length)) || (/\.woff2$/.test(file) && style.includes(file.split('/').at(-1))));
  assert.ok(early.length >= 3 && early.length < assets.length, early.join());
  const total = [page, ...early].reduce((sum, file) => sum + gzipped(file), 0);
  console.log(`before the first rows: ${total} bytes gzipped`);
  assert.ok(total < LIMITS.firstRows, early.join());
});

test('rows are painted within a second', async () => {
  const times = [];
  for (let run = 0; run < 3; ++run) {
    const page = await openPanel(stack, { before: (made) => made.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (!document.querySelector('tbody tr[data-code]')) return;
        observer.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(() => { globalThis.paintedAt = performance.now(); }));
      }).observe(document, { childList: true, subtree: true });
    }) });
    await waitForRows(page);
    await page.waitForFunction(() => globalThis.paintedAt !== undefined);
    times.push(await page.evaluate(() => globalThis.paintedAt));
    await page.context().close();
  }
  console.log(`first rows after ${times.map((time) => Math.round(time)).join(', ')} ms`);
  assert.ok(Math.min(...times) < 1000, `${times}`);
});

test('350 rows at two frames a second leave the main thread alone', async () => {
  const page = await openFed(2);
  await sleep(3_000);
  const browser = await launch();
  await browser.startTracing(page, { categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'] });
  const seconds = 10;
  await sleep(seconds * 1000);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const mains = new Set(traceEvents.filter((event) => event.name === 'thread_name' && event.args.name === 'CrRendererMain').map((event) => `${event.pid}/${event.tid}`));
  // Thread time, not wall time: what other programs take from the processor is not the panel's work.
  const busy = new Map();
  for (const event of traceEvents) {
    const thread = `${event.pid}/${event.tid}`;
    if (event.name === 'RunTask' && event.ph === 'X' && mains.has(thread)) busy.set(thread, (busy.get(thread) ?? 0) + (event.tdur ?? event.dur) / 1e6);
  }
  assert.ok(busy.size > 0, 'the trace has no main thread');
  const share = Math.max(...busy.values()) / seconds;
  console.log(`main thread busy ${(share * 100).toFixed(1)} %`);
  assert.ok(share < 0.3, `${share}`);
  await page.finish();
});

test('whatever arrives, it paints at most four times a second', async () => {
  const page = await openFed(20);
  await sleep(1_500);
  const bursts = await page.evaluate(() => new Promise((resolve) => {
    const times = [];
    const observer = new MutationObserver(() => times.push(performance.now()));
    observer.observe(document.querySelector('tbody'), { subtree: true, characterData: true, childList: true, attributes: true });
    setTimeout(() => { observer.disconnect(); resolve(times.filter((time, index) => index === 0 || time - times[index - 1] > 20).length); }, 4_000);
  }));
  console.log(`${bursts} paints in 4 s of 20 frames/s`);
  assert.ok(bursts <= 17, `${bursts} paints in four seconds`);
  assert.ok(bursts >= 10, `${bursts} paints in four seconds`);
  await page.finish();
});

test('350 rows scroll without drawing them all', async () => {
  const page = await openFed(2);
  assert.ok((await rows(page).count()) < 80);
  assert.equal(await page.locator('table').getAttribute('aria-rowcount'), '351');
  await page.keyboard.press('End');
  await page.locator('tr[aria-rowindex="351"]').waitFor();
  await page.finish();
});

test(`the heap stays flat for ${soakSeconds} s`, { timeout: (soakSeconds + 60) * 1000 }, async () => {
  const page = await openFed(2, '#/BTC-USDT');
  const session = await page.context().newCDPSession(page);
  const heap = async () => {
    await session.send('HeapProfiler.collectGarbage');
    return (await session.send('Runtime.getHeapUsage')).usedSize / 1e6;
  };
  await sleep(10_000);
  const samples = [await heap()];
  for (let at = 0; at < 6; ++at) {
    await sleep((soakSeconds * 1000) / 6);
    samples.push(await heap());
  }
  console.log(`heap in MB: ${samples.map((sample) => sample.toFixed(1)).join(' ')}`);
  // Histories of 240 cycles a contract fill up in the meantime: 350 of them take about two megabytes.
  assert.ok(samples.at(-1) - samples[0] < 4, samples.join(' '));
  await page.finish();
});
