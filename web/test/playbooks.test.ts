// Playbooks: the graph by keyboard, a file with faults, a run worked on from the incident and beside its graph.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, settled, world } from './world.ts';

test('the graph is walked with the arrow keys, and the step that is chosen says all it has to', async () => {
  const w = await world({ path: '/playbooks/3' });
  const { page } = w;
  try {
    await settled(page);
    const at = () => page.evaluate(() => document.activeElement?.getAttribute('data-n'));
    await page.locator('.graph button[tabindex="0"]').focus();
    const first = await at();
    for (let i = 0; i < 2; i++) await page.keyboard.press('ArrowDown');
    assert.notEqual(await at(), first);
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Bước' }).getByText('Ai làm').or(page.getByRole('region', { name: 'Bước' }).getByText('Loại')).first().waitFor();
    assert.equal(await page.locator('.graph button[tabindex="0"]').count(), 1, 'one stop for Tab');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await w.shot('playbook-chosen');
    assert.deepEqual(await axe(page), []);
    /* No two boxes lie on each other. */
    const boxes = await page.locator('.graph foreignObject').evaluateAll((all) => all.map((b) => ({ x: +b.getAttribute('x')!, y: +b.getAttribute('y')!, w: +b.getAttribute('width')!, h: +b.getAttribute('height')! })));
    for (const [i, a] of boxes.entries()) for (const b of boxes.slice(i + 1)) assert.ok(a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y, 'boxes');
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('a file with faults says where, what and how; a sound one is brought in', async () => {
  const w = await world({ path: '/playbooks' });
  const { page } = w;
  try {
    await settled(page);
    await page.getByRole('button', { name: 'Nhập quy trình…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('input[type=file]').setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
    await dialog.getByText('/workflow/action--1/agent').waitFor();
    await dialog.getByText('khai báo ở đó').waitFor();
    await w.shot('playbook-import-faults');
    assert.deepEqual(await axe(page), []);
    await dialog.locator('input[type=file]').setInputFiles({ name: 'y.json', mimeType: 'application/json', buffer: Buffer.from('{"type":"playbook"}') });
    await dialog.getByText('“Mất thiết bị” hợp lệ.').waitFor();
    await dialog.getByRole('button', { name: 'Nhập quy trình này' }).click();
    await page.waitForURL(/playbooks\/10$/);
    assert.deepEqual(w.mock.state.calls.filter((c) => c.startsWith('POST /playbooks')).length, 3);
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('steps are ended in the incident; who is slower is told; a step is skipped only with a reason', async () => {
  const w = await world({ path: '/incidents/147' });
  const { page } = w;
  try {
    await settled(page);
    const panel = page.getByRole('region', { name: 'Quy trình' });
    await panel.locator('.step').first().waitFor();
    const before = await panel.locator('.step').count();
    await panel.scrollIntoViewIfNeeded();
    await w.shot('incident-run');
    await panel.locator('.step').first().getByRole('button', { name: 'Bỏ qua…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('không');
    await dialog.getByRole('button', { name: 'Bỏ qua', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await panel.locator('.step').first().getByRole('button', { name: 'Xong', exact: true }).click();
    await page.waitForFunction((n) => document.querySelectorAll('.step').length !== n, before);
    assert.ok(w.mock.state.calls.some((c) => /^POST \/playbook_runs\/1\/steps/.test(c)));
    await panel.getByRole('button', { name: /quy trình khác/ }).click();
    await panel.getByRole('button', { name: 'Bắt đầu' }).first().click();
    await panel.getByRole('link', { name: /Mã độc tống tiền/ }).first().waitFor();
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('a run is stopped with its reason', async () => {
  const w = await world({ path: '/playbooks/runs/1', lang: 'en' });
  const { page } = w;
  try {
    await settled(page);
    await page.locator('.graph .node.ready').first().waitFor();
    await page.getByRole('button', { name: 'Stop the run…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('contained by hand');
    await dialog.getByRole('button', { name: 'Stop the run', exact: true }).click();
    await page.getByText('contained by hand').waitFor();
    await page.getByText('Stopped').waitFor();
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
