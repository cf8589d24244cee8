// The keyboard: every path that CONSOLE.md promises, with a Vietnamese input method on, off in fields, and off.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled, world } from './world.ts';

test('J K and A work on Tonight, and what A did can be undone', async () => {
  const w = await world();
  const { page } = w;
  try {
    await page.locator('tr.here').waitFor();
    const first = await page.locator('tr.here').innerText();
    await page.keyboard.press('j');
    assert.notEqual(await page.locator('tr.here').innerText(), first);
    await page.keyboard.press('k');
    assert.equal(await page.locator('tr.here').innerText(), first);
    await page.keyboard.press('a');
    await page.getByRole('button', { name: /Hoàn tác/ }).waitFor();
    assert.ok(w.mock.state.calls.includes('POST /alerts/1/accept'));
    await w.shot('undo');
    await page.keyboard.press('z');
    await page.waitForTimeout(300);
    assert.ok(w.mock.state.calls.includes('POST /alerts/1/undo'));
  } finally {
    await w.end();
  }
});
test('numbers open the nth thing to do', async () => {
  const w = await world();
  try {
    await w.page.locator('tr.here').waitFor();
    await w.page.keyboard.press('4');
    await w.page.waitForURL(/\/actions\/312$/);
  } finally {
    await w.end();
  }
});
test('with an input method on, keys go by where they are', async () => {
  const w = await world({ path: '/alerts' });
  const { page } = w;
  try {
    await page.locator('tr.here').waitFor();
    await page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Process', code: 'KeyJ', bubbles: true })));
    await page.waitForTimeout(80);
    assert.equal(await page.locator('tr.here').getAttribute('aria-rowindex'), '3');
  } finally {
    await w.end();
  }
});
test('single keys are off in fields, and can be switched off', async () => {
  const w = await world({ path: '/alerts' });
  const { page } = w;
  try {
    await page.locator('tr.here').waitFor();
    await page.getByRole('searchbox').fill('');
    await page.getByRole('searchbox').press('a');
    await page.waitForTimeout(100);
    assert.ok(!w.mock.state.calls.some((c) => c.includes('/accept')));
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await w.shot('keys');
    await page.getByRole('dialog').getByRole('checkbox').uncheck();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.locator('h1').click();
    await page.keyboard.press('j');
    await page.waitForTimeout(80);
    assert.equal(await page.locator('tr.here').getAttribute('aria-rowindex'), '2');
  } finally {
    await w.end();
  }
});
test('Ctrl K goes anywhere, accents or not', async () => {
  const w = await world();
  const { page } = w;
  try {
    await settled(page);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').last().fill('nguon nhat');
    await w.shot('palette');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/sources$/);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').last().fill('0147');
    await page.getByRole('option', { name: /SC-2026-0147/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/incidents\/147$/);
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1'); // focus goes to the title of the page
  } finally {
    await w.end();
  }
});
test('an alert: J, S, U, Esc; the search opens with its surroundings', async () => {
  const w = await world({ path: '/alerts/2' });
  const { page } = w;
  try {
    await page.locator('h2').first().waitFor();
    await settled(page);
    await page.keyboard.press('u');
    await page.locator('code', { hasText: 'rule-1002' }).waitFor();
    await page.keyboard.press('j');
    await page.waitForURL(/\/alerts\/(?!2$)\d+$/);
    await page.goBack();
    await page.waitForURL(/\/alerts\/2$/);
    await settled(page);
    await page.keyboard.press('s');
    await page.waitForURL(/\/search\?q=host/);
  } finally {
    await w.end();
  }
});
test('the skip link comes first and leads to the page', async () => {
  const w = await world();
  try {
    await settled(w.page);
    await w.page.keyboard.press('Tab');
    assert.equal(await w.page.evaluate(() => document.activeElement?.className), 'skip');
    await w.page.keyboard.press('Enter');
    assert.equal(await w.page.evaluate(() => document.activeElement?.id), 'main');
  } finally {
    await w.end();
  }
});
