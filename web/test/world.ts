// A mock node, a browser, and pages on it that fail when the page complains.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { after } from 'node:test';
import { chromium, type Browser, type Page } from 'playwright-core';
import { startMock, type Mock } from './mock.ts';

export const SHOTS = resolve(process.env['COLOA_SHOTS'] ?? 'build/shots');
mkdirSync(SHOTS, { recursive: true });
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Promise<Browser> | null = null;
const launch = () => (browser ??= chromium.launch({ executablePath: process.env['COLOA_CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--headless=new', '--disable-gpu', '--disable-dev-shm-usage'] }));
after(async () => {
  if (browser) await (await browser).close();
});

export interface World {
  mock: Mock;
  page: Page;
  complaints: string[];
  shot: (name: string) => Promise<void>;
  end: () => Promise<void>;
}
export interface How {
  path?: string;
  /* null: nothing was chosen in this browser. */
  lang?: 'vi' | 'en' | null;
  locale?: string;
  theme?: 'light' | 'dark';
  width?: number;
  height?: number;
  /* Units in the exercises of the mock node. */
  units?: number;
  before?: (m: Mock) => void;
}
export async function world(how: How = {}): Promise<World> {
  const mock = await startMock(resolve('dist'), 0, how.units);
  how.before?.(mock);
  const context = await (await launch()).newContext({ viewport: { width: how.width ?? 1280, height: how.height ?? 800 }, colorScheme: how.theme ?? 'light', reducedMotion: 'reduce', locale: how.locale ?? 'vi-VN' });
  if (how.lang !== null)
    await context.addInitScript((lang) => {
      if (!localStorage.getItem('coloa.lang')) localStorage.setItem('coloa.lang', lang);
    }, how.lang ?? 'vi');
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  const complaints: string[] = [];
  page.on('pageerror', (e) => complaints.push(e.message));
  page.on('console', (m) => {
    if ((m.type() === 'error' || m.type() === 'warning') && !/status of (401|404|409|413|422|429|403)|ERR_(EMPTY_RESPONSE|CONNECTION|INCOMPLETE)/.test(m.text())) complaints.push(m.text());
  });
  await page.goto(mock.url + (how.path ?? '/'));
  await page.locator('h1').first().waitFor();
  return {
    mock, page, complaints,
    shot: async (name) => void (await page.screenshot({ path: `${SHOTS}/${name}.png` })),
    end: async () => {
      await context.close();
      await mock.close();
    },
  };
}

/* What axe-core has against the page as it stands. */
export async function axe(page: Page, only?: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  return page.evaluate(async (rules) => {
    type Found = { violations: { id: string; help: string; nodes: { target: unknown[]; failureSummary?: string }[] }[] };
    const axe = (window as unknown as { axe: { run: (at: Document, how: object) => Promise<Found> } }).axe;
    const found = await axe.run(document, { resultTypes: ['violations'], ...(rules ? { runOnly: { type: 'rule', values: rules } } : {}) });
    return found.violations.flatMap((v) => v.nodes.slice(0, 3).map((n) => `${v.id}: ${v.help}: ${JSON.stringify(n.target)} ${n.failureSummary ?? ''}`));
  }, only);
}
/* Text that can only come of a mistake. */
export async function mistakes(page: Page): Promise<string[]> {
  const text = await page.locator('body').innerText();
  return text.split('\n').filter((l) => /\bundefined\b|\bNaN\b|\[object|\{\w+\}|Invalid Date/.test(l) || /(^|\s)(nav|alert|incident|tonight|clock|do|list|fault|form)\.[a-z]+(\s|$)/.test(l));
}
export const settled = async (page: Page): Promise<void> => {
  await page.waitForLoadState('load');
  await page.waitForTimeout(250);
};
