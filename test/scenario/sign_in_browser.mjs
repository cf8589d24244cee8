// A real browser signs in by the agency's account: sign_in_browser.mjs CONSOLE SHOT. It prints what it sees, step by step; sign_in.py reads that.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const [address, shot] = process.argv.slice(2);
const require = createRequire(fileURLToPath(new URL('../../web/package.json', import.meta.url)));
const { chromium } = require('playwright-core');
const browser = await chromium.launch({ executablePath: process.env.COLOA_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--headless=new', '--disable-gpu', '--disable-dev-shm-usage'] });
try {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'vi-VN', viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  const complaints = [];
  page.on('console', (m) => m.type() === 'error' && complaints.push(m.text()));
  await page.goto(address);
  const button = page.getByRole('button', { name: /tài khoản cơ quan/i });
  await button.waitFor();
  await page.screenshot({ path: shot });
  if (await button.evaluate((b) => b.scrollWidth > b.clientWidth)) process.exitCode = 3;
  await button.click();
  await page.waitForURL((u) => u.href === `${address}/`);
  await page.getByText('Lan').first().waitFor();
  const session = await page.evaluate(async () => (await fetch('/api/v1/session')).json());
  const kept = await page.evaluate(() => sessionStorage.getItem('coloa.binder'));
  // Back in the history lies no address with a code.
  const places = await page.evaluate(() => location.href);
  process.stdout.write(JSON.stringify({ login: session.person?.login, kept, places, complaints: complaints.filter((c) => !/status of 40[13]/.test(c)) }) + '\n');
  // Somebody lured to an answer that this browser did not begin.
  const other = await (await browser.newContext({ ignoreHTTPSErrors: true, locale: 'vi-VN' })).newPage();
  await other.goto(`${address}/sign-in/back?code=x&state=${'0'.repeat(64)}`);
  await other.getByText(/chưa cho bạn vào/).waitFor();
  process.stdout.write(JSON.stringify({ lured: await other.evaluate(() => location.pathname + location.search) }) + '\n');
} finally {
  await browser.close();
}
