import { chromium } from 'playwright-core';

let browser = null;

export async function launch() {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--enable-precise-memory-info'],
  });
  return browser;
}

export async function closeBrowser() {
  await browser?.close();
  browser = null;
}

/** A console in its own context. What goes wrong in it is collected in `page.problems`. */
export async function openPanel(stack, { path = '', width = 1440, height = 900, colorScheme = 'dark', before, ...context } = {}) {
  const opened = await (await launch()).newContext({ viewport: { width, height }, colorScheme, permissions: ['clipboard-read', 'clipboard-write'], ...context });
  const page = await opened.newPage();
  // A handler that is fetching when its page closes has nothing left to answer, which is no fault of the test.
  const close = opened.close.bind(opened);
  opened.close = async (options) => {
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await close(options);
  };
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource|WebSocket connection|net::ERR/.test(message.text())) page.problems.push(message.text());
  });
  await before?.(page);
  await page.goto(`${stack.url}/panel${path}`);
  return page;
}

export const rows = (page) => page.locator('tbody tr[data-code]');

/** Contract codes in the order on screen. */
export const shownCodes = (page) => rows(page).evaluateAll((all) => all.map((row) => row.dataset.code));

export async function waitForRows(page) {
  await rows(page).first().waitFor();
}

/** Text of a column's cells by contract. */
export async function column(page, label) {
  return page.evaluate((wanted) => {
    const heads = [...document.querySelectorAll('thead th')];
    const index = heads.findIndex((head) => head.textContent.trim().startsWith(wanted));
    return Object.fromEntries([...document.querySelectorAll('tbody tr[data-code]')].map((row) => [row.dataset.code, row.children[index]?.textContent.trim()]));
  }, label);
}
