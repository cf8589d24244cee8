// A real browser on a real node: people sign in by the pages, each in a window of their own; used by the scripted night and by the
// storyline. Each line of standard output is one JSON object {step, …}; after one with `ask`, the answer is a line of standard input:
// 'ok', or why not. The file named first: {url, password, secrets: {login: secret}, shots, alone?}.
import { createHmac } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

export const state = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
mkdirSync(state.shots, { recursive: true });
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const complaints = [];
let number = 0;

export function say(step, more = {}) {
  process.stdout.write(JSON.stringify({ step, ...more }) + '\n');
}
export async function ask(step, more = {}) {
  say(step, { ...more, ask: true });
  if (state.alone) return;
  const { value } = await lines.next();
  if (value !== 'ok') throw new Error(`${step}: ${value}`);
}

/* A code counts once: the next half minute's, which counts already, where this one is used up. */
const used = new Map();
export async function code(login) {
  const key = base32(state.secrets[login]);
  const last = used.get(login) ?? state.used?.[login] ?? 0;
  for (;;) {
    const now = Math.floor(Date.now() / 30_000);
    const at = Math.max(now, last + 1);
    if (at <= now + 1) {
      used.set(login, at);
      const of = Buffer.alloc(8);
      of.writeBigUInt64BE(BigInt(at));
      const digest = createHmac('sha1', key).update(of).digest();
      const from = digest[19] & 15;
      return String((digest.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, '0');
    }
    await new Promise((done) => setTimeout(done, 500));
  }
}
function base32(text) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let bits = '';
  for (const c of text.replace(/=+$/, '')) bits += letters.indexOf(c).toString(2).padStart(5, '0');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((b) => parseInt(b, 2)));
}

const browser = await chromium.launch({ executablePath: process.env.COLOA_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--headless=new', '--disable-gpu', '--disable-dev-shm-usage'] });
const sessions = new Map();
/* The person's own window; signs in by the page when there is none. */
export async function as(login, { lang = 'vi', theme = 'dark', phone = false } = {}) {
  if (sessions.has(login)) return sessions.get(login);
  const context = await browser.newContext({ viewport: phone ? { width: 390, height: 850 } : { width: 1280, height: 800 }, colorScheme: theme, reducedMotion: 'reduce', acceptDownloads: true });
  await context.addInitScript((l) => {
    if (!localStorage.getItem('coloa.lang')) localStorage.setItem('coloa.lang', l);
  }, lang);
  const page = await context.newPage();
  page.setDefaultTimeout(45_000);
  page.on('pageerror', (e) => complaints.push(`${login}: ${e.message}`));
  page.on('console', (m) => {
    if ((m.type() === 'error' || m.type() === 'warning') && !/status of (401|403|404|409|422)/.test(m.text()) && !(state.restarts && /net::ERR_/.test(m.text()))) complaints.push(`${login}: ${m.text()} at ${new URL(page.url()).pathname}`);
  });
  page.on('response', (r) => {
    if (r.status() >= 500 && !state.restarts) complaints.push(`${login}: ${r.status()} ${r.url()}`);
  });
  await page.goto(state.url + '/');
  await page.locator('input[autocomplete=username], input[name=login]').first().fill(login);
  await page.locator('input[type=password]').first().fill(state.password);
  await page.keyboard.press('Enter');
  const inside = page.locator('nav#nav, nav.tabs, .tabs');
  const second = page.locator('input[autocomplete=one-time-code]');
  await inside.or(second).first().waitFor();
  if (await second.count()) {
    await second.fill(await code(login));
    await page.keyboard.press('Enter');
    await inside.first().waitFor();
  }
  sessions.set(login, page);
  return page;
}
export async function shot(page, name) {
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${state.shots}/${state.name ?? 'night'}-${String(++number).padStart(2, '0')}-${name}.png` });
}
export async function axe(page, what) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations'] })).violations.map((v) => `${v.id}: ${v.nodes.slice(0, 2).map((n) => JSON.stringify(n.target)).join(' ')}`));
  if (found.length) throw new Error(`${what}: axe: ${found.join('; ')}`);
}
export const dialog = (page) => page.getByRole('dialog');
export const gone = (page) => dialog(page).waitFor({ state: 'detached' });
/* Leaves the field: single keys are the page's again. */
export const blur = (page) => page.evaluate(() => document.activeElement?.blur?.());

/* Plays these one after the other, says how each went, and ends the program. */
export async function play(steps, only) {
  let status = 0;
  for (const [name, does] of Object.entries(steps)) {
    if (only && !only.includes(name)) continue;
    try {
      say(name, { good: true, ...(await does()) });
    } catch (e) {
      status = 1;
      for (const [login, page] of sessions) await page.screenshot({ path: `${state.shots}/failed-${name}-${login}.png` }).catch(() => {});
      say(name, { good: false, why: String(e?.message ?? e).slice(0, 1500) });
      break;
    }
  }
  if (complaints.length) {
    status = 1;
    say('complaints', { good: false, why: complaints.slice(0, 10).join('; ') });
  }
  await browser.close();
  process.exit(status);
}
