// The search page at work: what comes as it is found, masked; what needs an incident; what is kept; who sees names; and an
// alert's record with its marks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, settled, world } from './world.ts';

test('events come masked, open, and lead on', async () => {
  const w = await world({ path: '/search?q=dc02', lang: 'en' });
  try {
    await w.page.locator('tbody tr').first().waitFor();
    const text = await w.page.locator('main').innerText();
    assert.match(text, /names masked/);
    assert.doesNotMatch(text, /ng\.binh|tr\.hoa/);
    assert.match(text, /1,204,551 records/);
    await w.page.locator('button.event').first().click();
    await w.page.getByRole('dialog').waitFor();
    assert.deepEqual(await axe(w.page), []);
    await w.shot('search-event-en-light');
    await w.page.keyboard.press('Escape');
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('counts, a timeline, what was left out, what was cut', async () => {
  const w = await world({ path: '/search?q=' + encodeURIComponent('failed | count by user') });
  try {
    await w.page.locator('tbody tr').first().waitFor();
    assert.match(await w.page.locator('table').innerText(), /người-7K3F2M/);
    await settled(w.page);
    await w.shot('search-counts-vi-light');
    assert.deepEqual(await axe(w.page), []);
    const box = w.page.getByRole('searchbox');
    await box.fill('failed | timeline 10m');
    await box.press('Enter');
    await w.page.locator('figure rect').first().waitFor();
    await w.shot('search-timeline-vi-light');
    await box.fill('failed cut left');
    await box.press('Enter');
    await w.page.getByText('Bị ngắt giữa chừng').waitFor();
    assert.match(await w.page.locator('main').innerText(), /12 sự kiện không hiện/);
    await box.fill('(failed');
    await box.press('Enter');
    await w.page.getByText('Dấu ngoặc không được đóng.', { exact: false }).waitFor();
    await box.fill('busy');
    await box.press('Enter');
    await w.page.getByText('Quá nhiều yêu cầu').waitFor();
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('one account needs an incident, a week of it a second person', async () => {
  const w = await world({ path: '/search?q=user:ng.binh', lang: 'en' });
  try {
    await w.page.getByText('Choose the incident it is for', { exact: false }).waitFor();
    await w.shot('search-needs-incident-en-light');
    await w.page.locator('select.for').selectOption({ label: 'SC-2026-0147' });
    await w.page.locator('form button[type=submit]').click();
    await w.page.getByRole('button', { name: 'Ask to see names' }).click();
    await w.page.getByRole('dialog').locator('textarea').fill('find the first strange sign-in');
    assert.deepEqual(await axe(w.page), []);
    await w.page.getByRole('dialog').getByRole('button', { name: 'Ask to see names' }).click();
    await w.page.getByText('BC-0008 waits for a second person.').waitFor();
    await w.page.locator('.chips button').nth(2).click();
    await w.page.getByText('names shown: recorded').waitFor();
    assert.match(await w.page.locator('tbody').first().innerText(), /ng\.binh/);
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('searches are kept, used and given up', async () => {
  const w = await world({ path: '/search', lang: 'en' });
  try {
    await w.page.getByText('Kept searches').waitFor();
    await w.page.getByRole('searchbox').fill('failed');
    await w.page.getByRole('button', { name: 'Keep this search…' }).click();
    await w.page.getByRole('dialog').locator('input').first().fill('Failures');
    await w.page.getByRole('dialog').getByRole('button', { name: /Save/ }).click();
    await w.page.getByRole('button', { name: 'Failures' }).waitFor();
    await w.page.getByRole('button', { name: 'Remove' }).last().click();
    await w.page.getByRole('button', { name: 'Failures' }).waitFor({ state: 'detached' });
    await w.page.getByRole('button', { name: 'PowerShell mã hoá' }).click();
    await w.page.waitForURL(/q=CommandLine/);
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('a second person decides over names', async () => {
  const w = await world({ path: '/search?unmasking=7', lang: 'en', before: (m) => (m.state.permissions = ['events.unmask_long', 'incidents.read']) });
  try {
    await w.page.getByRole('dialog').getByText('waits for a second person').waitFor();
    assert.equal(await w.page.getByRole('searchbox').count(), 0, 'who may not search sees no search');
    await w.shot('unmasking-en-light');
    assert.deepEqual(await axe(w.page), []);
    await w.page.getByRole('button', { name: 'Approve for 24 hours' }).click();
    await w.page.getByRole('dialog').getByText('in force', { exact: true }).waitFor();
    await w.page.keyboard.press('Escape');
    await w.page.waitForURL((u) => !u.search.includes('unmasking'));
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test("an alert's record, with marks numbered as its conditions", async () => {
  const w = await world({ path: '/alerts/5', lang: 'en' });
  try {
    await w.page.getByText('Image ends with "evil.exe"').waitFor();
    await w.page.getByRole('button', { name: 'Bytes' }).click();
    const marks = w.page.locator('pre.raw mark');
    assert.deepEqual(await marks.allInnerTexts(), ['evil.exe1', '--all2']);
    await w.shot('alert-raw-en-light');
    assert.deepEqual(await axe(w.page), []);
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
