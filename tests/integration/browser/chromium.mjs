// A page in headless Chromium that keeps what it complained about and whom it asked.
import { chromium } from 'playwright-core';
import { closeAtEnd } from '../harness/process.mjs';

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-first-run',
];

export async function startBrowser() {
  return closeAtEnd(await chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: flags }));
}

/** `page.complaints` and `page.requests` grow while it lives. */
export async function newPage(browser, { width = 360, height = 740, locale = 'en-GB', ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.requests = [];
  page.setDefaultTimeout(15_000);
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && page.complaints.push(message.text()));
  page.on('pageerror', (error) => page.complaints.push(error.message));
  page.on('request', (request) => page.requests.push(request.url()));
  return page;
}

/** How far the content reaches beyond the window. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}
