// What is typed is not lost by leaving; and what others do meanwhile is in nobody's way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, settled, world } from './world.ts';

test('a note that was begun is there again, says so, and goes when it is written', async () => {
  const w = await world({ path: '/incidents/147' });
  const { page } = w;
  const box = page.getByLabel('Điều gì xảy ra', { exact: false }).first();
  try {
    await box.fill('Đã gọi trưởng khoa, chờ');
    await page.getByRole('link', { name: 'Cảnh báo', exact: false }).first().click();
    await page.locator('tr.here').waitFor();
    await page.goBack();
    await page.getByText(/còn được giữ/).waitFor();
    assert.equal(await box.inputValue(), 'Đã gọi trưởng khoa, chờ');
    await w.shot('draft-note');
    assert.deepEqual(await axe(page), []);
    await page.reload();
    await page.getByText(/còn được giữ/).waitFor();
    assert.equal(await box.inputValue(), 'Đã gọi trưởng khoa, chờ', 'also after a reload');
    await box.press('Control+Enter');
    await page.locator('.line-list li').first().getByText('Đã gọi trưởng khoa').waitFor();
    await page.reload();
    await settled(page);
    assert.equal(await box.inputValue(), '');
    await box.press('Control+Enter');
    await page.getByText('Hãy viết điều đã xảy ra trước.').waitFor();
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('an incident that is being declared is kept, for its person alone, and can be thrown away', async () => {
  const w = await world({ path: '/incidents?new=1' });
  const { page } = w;
  const dialog = page.getByRole('dialog');
  try {
    await dialog.getByLabel('Tên sự cố').fill('Thư giả mạo gửi tới 40 người');
    await dialog.getByLabel('Chỉ huy').selectOption({ label: 'Lê Minh Khôi' });
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.goto(w.mock.url + '/incidents?new=1');
    await dialog.getByText(/còn được giữ/).waitFor();
    assert.equal(await dialog.getByLabel('Tên sự cố').inputValue(), 'Thư giả mạo gửi tới 40 người');
    assert.notEqual(await dialog.getByLabel('Chỉ huy').inputValue(), '');
    await dialog.getByRole('button', { name: 'Bỏ nội dung này' }).click();
    assert.equal(await dialog.getByLabel('Tên sự cố').inputValue(), '');
    await dialog.getByLabel('Tên sự cố').fill('Thư giả mạo');
    await page.keyboard.press('Escape');
    await page.goto(w.mock.url + '/settings');
    await page.getByRole('button', { name: 'Đăng xuất', exact: false }).first().click();
    await page.locator('input[autocomplete=username]').waitFor();
    assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage).filter((k) => k.startsWith('coloa.draft'))), [], 'nothing stays of who has signed out');
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('a report’s fields are kept over a reload', async () => {
  const w = await world({ path: '/reports' });
  const { page } = w;
  try {
    await page.locator('tr.here').waitFor();
    await page.locator('tr', { hasText: 'Đang soạn' }).first().getByRole('link').first().click();
    const field = page.locator('section[aria-labelledby=rfields] textarea, section[aria-labelledby=rfields] input').first();
    await field.fill('Chữ đã gõ');
    await page.reload();
    await page.getByText(/còn được giữ/).waitFor();
    assert.equal(await field.inputValue(), 'Chữ đã gõ');
    assert.deepEqual(await axe(page), []);
    await page.getByRole('button', { name: 'Lưu' }).click();
    await page.getByText(/còn được giữ/).waitFor({ state: 'detached' });
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('a state is changed though a note came meanwhile, and not when the state itself has changed', async () => {
  const w = await world({ path: '/incidents/147' });
  const { page } = w;
  const dialog = page.getByRole('dialog');
  const open = () => page.locator('.sub button.tag.on').click();
  try {
    await open();
    w.mock.meddle(147);
    await dialog.locator('button.primary').click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(w.mock.state.calls.filter((c) => /^POST \/incidents\/147\/move/.test(c)).length, 2, 'refused once, then sent for the version of now');
    await settled(page);
    await open();
    w.mock.meddle(147, { state: 'reviewed' });
    await dialog.locator('button.primary').click();
    await dialog.getByText(/Có người vừa thay đổi/).waitFor();
    assert.equal(await dialog.getByText(/chưa nối được tới nút/).count(), 0);
    await w.shot('stale-dialog');
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
