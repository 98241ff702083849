import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, launch } from './support/browser.mjs';
import { Stack } from './support/stack.mjs';

let stack;
before(async () => { stack = await Stack.start(); });
after(async () => {
  await closeBrowser();
  await stack?.stop();
});

test('the interface can be read and tried at /docs, from nowhere but the scanner', { timeout: 120_000 }, async () => {
  const page = await (await launch()).newPage();
  const problems = [];
  const asked = [];
  page.on('pageerror', (error) => problems.push(error.message));
  // A violation of the content security policy comes as an error of the console.
  page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()); });
  page.on('request', (request) => { if (!request.url().startsWith('data:')) asked.push(request.url()); });
  await page.goto(`${stack.url}/docs`);
  await page.locator('.opblock').first().waitFor();
  const document = await (await fetch(`${stack.url}/openapi.json`)).json();
  const operations = Object.values(document.paths).flatMap(Object.keys).length;
  assert.equal(await page.locator('.opblock').count(), operations);

  await page.locator('#operations-health-getReady .opblock-summary-control').click();
  await page.locator('#operations-health-getReady .execute').click();
  await page.locator('#operations-health-getReady .live-responses-table .response-col_status', { hasText: '200' }).waitFor();
  assert.deepEqual(asked.filter((url) => !url.startsWith(`${stack.url}/`)), []);
  assert.deepEqual(problems, []);
  await page.close();
});
