// The desk's papers: a report from draft to sent; what is typed is never lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, settled, world } from './world.ts';

test('a report: what is missing, a save that came too late, signed by two, sent', async () => {
  const w = await world({ path: '/reports/47' });
  const { page } = w;
  try {
    await settled(page);
    await page.getByText('3 / 7').waitFor();
    await page.getByRole('button', { name: /Hệ điều hành/ }).click();
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'os', 'the missing field has the focus');
    await page.keyboard.type('Windows Server 2019');
    await page.getByLabel('Thời điểm phát hiện').fill('chiều qua');
    await page.keyboard.press('Control+s');
    await page.getByText(/Không phải thời điểm/).waitFor();
    assert.equal(await page.getByLabel('Hệ điều hành').inputValue(), 'Windows Server 2019', 'what was typed stays');
    await page.getByLabel('Thời điểm phát hiện').fill('00:40 18/11/2026');
    await page.getByLabel('Đã thông báo cho').fill('Cơ quan điều phối');
    // Leaves the page and comes back: nothing is lost.
    await page.getByRole('link', { name: 'Báo cáo', exact: true }).click();
    await page.waitForURL(/\/reports$/);
    await page.goBack();
    await page.getByLabel('Đã thông báo cho').waitFor();
    assert.equal(await page.getByLabel('Đã thông báo cho').inputValue(), 'Cơ quan điều phối');
    await page.getByLabel('Đề nghị hỗ trợ').fill('Phân tích mã độc');
    // Another person saves meanwhile.
    await page.evaluate(() => fetch('/api/v1/reports/47', { method: 'PUT', headers: { 'X-Coloa': '1', 'Content-Type': 'application/json' }, body: JSON.stringify({ version: 2, fields: [{ name: 'purpose', value: 'Khám chữa bệnh' }] }) }));
    await page.getByRole('button', { name: /^Lưu/ }).click();
    await page.getByText(/Có người vừa lưu bản khác/).waitFor();
    assert.equal(await page.getByLabel('Đề nghị hỗ trợ').inputValue(), 'Phân tích mã độc');
    assert.equal(await page.getByLabel('Mục đích sử dụng').inputValue(), 'Khám chữa bệnh', 'the other text is shown');
    await w.shot('report-stale');
    assert.deepEqual(await axe(page), []);
    await page.getByRole('button', { name: 'Trình ký' }).click();
    await page.getByLabel('Mã 6 số').fill('000000');
    await page.getByRole('button', { name: 'Ký', exact: true }).click();
    await page.getByText(/Mã không đúng hoặc đã dùng/).waitFor();
    await page.getByLabel('Mã 6 số').fill('123 456');
    await page.getByRole('button', { name: 'Ký', exact: true }).click();
    await page.getByText('1 / 2').waitFor();
    assert.equal(await page.getByLabel('Mã 6 số').count(), 0, 'who signed does not sign again');
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('a signed report is sent; a wrong address is said at its field', async () => {
  const w = await world({ path: '/reports/45' });
  const { page } = w;
  try {
    await settled(page);
    await page.getByLabel('Mã 6 số').fill('123456');
    await page.getByRole('button', { name: 'Ký', exact: true }).click();
    await page.getByRole('button', { name: 'Gửi qua thư…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Gửi tới').fill('tiepnhan');
    await dialog.getByRole('button', { name: 'Gửi qua thư' }).click();
    await dialog.getByText(/không phải địa chỉ thư/).waitFor();
    assert.deepEqual(await axe(page), []);
    await w.shot('report-send');
    await dialog.getByLabel('Gửi tới').fill('tiepnhan@coquan.example');
    const saved = page.waitForResponse((r) => r.url().endsWith('/send') && r.ok());
    await dialog.getByRole('button', { name: 'Gửi qua thư' }).click();
    await saved;
    await page.getByText('Đã gửi qua thư').waitFor();
    const file = page.waitForEvent('download');
    await page.getByRole('button', { name: 'PDF.sig' }).click();
    assert.match((await file).suggestedFilename(), /^BC-45\.pdf/);
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
