// Debian's Chromium under playwright-core, and what the tests do with a page again and again.
import { chromium } from 'playwright-core';
import { existsSync } from 'node:fs';
import { binary, startPixgate } from './pixgate.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];

// A reason to skip, or false.
export const missing = !binary
  ? 'no pixgate binary: build it or set PIXGATE_BINARY'
  : !existsSync(executablePath) && `no browser at ${executablePath}: apt-get install chromium`;

// One server and one browser for a file of tests.
export async function startWorld(settings) {
  const pixgate = await startPixgate(settings);
  let browser;
  try {
    browser = await chromium.launch({ executablePath, args });
  } catch (error) {
    await pixgate.stop();
    throw error;
  }
  return {
    pixgate,
    browser,
    stop: async () => {
      await browser.close();
      await pixgate.stop();
    },
  };
}

// A fresh tab, signed in unless asked otherwise. page.problems collects script errors and policy violations.
export async function openPage(world, { signedIn = true, ...options } = {}) {
  const context = await world.browser.newContext({ locale: 'en-US', viewport: { width: 1200, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/i.test(message.text())) page.problems.push(message.text());
  });
  await page.goto(signedIn ? world.pixgate.signInUrl : world.pixgate.pageUrl);
  if (signedIn) await page.waitForSelector('#drop:not([hidden])');
  return page;
}

export const card = (page, name) => page.locator('.card', { has: page.locator('.card-name', { hasText: name }) });

export const ended = (page, name, end) => card(page, name).and(page.locator(`[data-end="${end}"]`));

// A drag from the desktop: trusted events with real files, as the operating system would send them.
export async function dropFiles(page, selector, paths) {
  const box = await page.locator(selector).boundingBox();
  const session = await page.context().newCDPSession(page);
  const event = { x: box.x + box.width / 2, y: box.y + box.height / 2, data: { items: [], files: paths, dragOperationsMask: 1 } };
  for (const type of ['dragEnter', 'dragOver']) await session.send('Input.dispatchDragEvent', { type, ...event });
  return {
    release: () => session.send('Input.dispatchDragEvent', { type: 'drop', ...event }),
    leave: () => session.send('Input.dispatchDragEvent', { type: 'dragCancel', ...event }),
  };
}

export async function api(world, path, init = {}) {
  const answer = await fetch(world.pixgate.apiUrl + path, {
    ...init,
    headers: { authorization: `Bearer ${world.pixgate.keys.admin}`, ...init.headers },
  });
  return answer.status === 204 ? undefined : answer.json();
}
