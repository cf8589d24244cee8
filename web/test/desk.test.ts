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
test('a proposal of several targets: looked at first, and its number typed', async () => {
  const w = await world({ path: '/incidents/147' });
  const { page } = w;
  try {
    await settled(page);
    await page.getByRole('button', { name: 'Đề nghị ngăn chặn…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Địa chỉ hoặc mạng').fill('203.0.113.70 10.0.0.1');
    await dialog.getByLabel(/Lý do|Vì sao/).fill('Địa chỉ điều khiển');
    await dialog.getByRole('button', { name: 'Xem sẽ chạm tới gì' }).click();
    await dialog.getByText(/danh sách cấm chạm/).first().waitFor();
    assert.equal(await dialog.getByLabel('Địa chỉ hoặc mạng').inputValue(), '203.0.113.70 10.0.0.1');
    await dialog.getByLabel('Địa chỉ hoặc mạng').fill('203.0.113.70 203.0.113.71');
    await dialog.getByRole('button', { name: 'Xem sẽ chạm tới gì' }).click();
    await dialog.getByText(/2 mục được phép/).waitFor();
    assert.deepEqual(await axe(page), []);
    await w.shot('propose');
    await dialog.getByRole('button', { name: 'Đề nghị ngăn chặn' }).click();
    await dialog.getByText('Có 2 mục.').waitFor();
    assert.ok(!w.mock.state.calls.includes('POST /actions'));
    await dialog.getByLabel(/Gõ số mục tiêu/).fill('2');
    await dialog.getByRole('button', { name: 'Đề nghị ngăn chặn' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.ok(w.mock.state.calls.includes('POST /actions'));
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('evidence goes up with its reason; the same file twice is refused and stays chosen', async () => {
  const w = await world({ path: '/incidents/147' });
  const { page } = w;
  try {
    await settled(page);
    const add = () => page.locator('section[aria-labelledby=evidence]').getByRole('button', { name: 'Thêm' }).click();
    await add();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Thêm', exact: true }).click();
    await dialog.getByText('Chưa chọn tệp').waitFor();
    assert.deepEqual(await axe(page), []);
    await dialog.getByLabel('Tệp').setInputFiles({ name: 'mau.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(300_000, 7) });
    await dialog.getByLabel('Cho thấy gì').fill('Mẫu mã độc');
    await dialog.getByRole('button', { name: 'Thêm', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: /mau\.bin/ }).waitFor();
    await add();
    await dialog.getByLabel('Tệp').setInputFiles({ name: 'mau.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(300_000, 7) });
    await dialog.getByLabel('Cho thấy gì').fill('Lần nữa');
    await dialog.getByRole('button', { name: 'Thêm', exact: true }).click();
    await dialog.getByText(/đã có trong sự cố/).waitFor();
    assert.equal(await dialog.getByLabel('Cho thấy gì').inputValue(), 'Lần nữa');
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('a restore drill is begun by keyboard, and a running one is not begun twice', async () => {
  const w = await world({ path: '/recovery' });
  const { page } = w;
  try {
    await settled(page);
    await page.keyboard.press('n');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Thử khôi phục' }).click();
    await dialog.getByText(/Đang chạy một lần thử/).waitFor();
    await dialog.getByLabel('Kho', { exact: true }).selectOption('mail-borg');
    await dialog.getByRole('button', { name: 'Thử khôi phục' }).click();
    await page.waitForURL(/\/recovery\/drills\/\d+$/);
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('a recovery plan that was being written is there again, and a loop is said', async () => {
  const w = await world({ path: '/systems/1/recovery' });
  const { page } = w;
  try {
    await settled(page);
    await page.getByRole('button', { name: 'Sửa' }).first().click();
    await page.getByLabel('Bước 1', { exact: true }).fill('Ngắt mạng');
    await page.getByLabel('Sau bước').nth(2).fill('csdl');
    await page.locator('nav a[href="/alerts"]').click();
    await page.waitForURL(/\/alerts$/);
    await page.goBack();
    await page.getByLabel('Bước 1', { exact: true }).waitFor();
    assert.equal(await page.getByLabel('Bước 1', { exact: true }).inputValue(), 'Ngắt mạng');
    await page.getByLabel(/Đã sửa gì/).fill('thử');
    await page.getByRole('button', { name: 'Lưu' }).click();
    await page.getByText(/Vòng lặp: csdl/).waitFor();
    assert.deepEqual(await axe(page), []);
    await page.getByLabel('Sau bước').nth(2).fill('mang');
    await page.getByRole('button', { name: 'Lưu' }).click();
    await page.getByText('bản 3').first().waitFor();
    await page.getByText('Ngắt mạng').waitFor();
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('a directive: issued to units, acknowledged, and proved', async () => {
  const w = await world({ path: '/directives/new' });
  const { page } = w;
  try {
    await settled(page);
    await page.getByLabel('Nội dung phải làm').fill('Vá máy chủ thư.');
    await page.getByRole('button', { name: 'Lưu dự thảo' }).click();
    await page.getByText(/Cần điền tiêu đề/).waitFor();
    await page.getByText(/Chưa chọn đơn vị nào/).waitFor();
    assert.equal(await page.getByLabel('Nội dung phải làm').inputValue(), 'Vá máy chủ thư.');
    await page.getByLabel('Tiêu đề').fill('Vá máy chủ thư');
    await page.getByRole('button', { name: 'cùng mọi cấp dưới' }).first().click();
    await page.getByText(/Gửi 9 đơn vị/).first().waitFor();
    await page.getByRole('button', { name: 'Lưu dự thảo' }).click();
    await page.waitForURL(/\/directives\/\d+$/);
    await page.getByRole('button', { name: 'Ban hành…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Ban hành' }).click();
    await page.getByText('đã ban hành').waitFor();
    await page.getByRole('button', { name: 'Tiếp nhận…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Tiếp nhận' }).click();
    await page.getByRole('button', { name: 'Trả lời…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Bằng chứng').fill('vá');
    await dialog.getByRole('button', { name: 'Trả lời' }).click();
    await dialog.getByText(/Ít hơn 5 ký tự/).waitFor();
    await dialog.getByLabel('Bằng chứng').fill('Đã vá 2 máy lúc 02:10');
    await dialog.getByRole('button', { name: 'Trả lời' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('the shift is handed over, and another one takes it', async () => {
  const w = await world({ path: '/handovers/3' });
  const { page } = w;
  try {
    await settled(page);
    await page.getByLabel(/Ghi thêm khi nhận/).fill('Đã rõ');
    await page.getByRole('button', { name: 'Nhận ca' }).click();
    await page.getByText(/Nguyễn Thu Hà đã nhận ca/).waitFor();
    await page.goto(w.mock.url + '/handover');
    await page.getByLabel('Điều ca sau cần biết').fill('fw-bien-haiau vẫn im');
    await page.getByRole('button', { name: 'Giao ca', exact: true }).click();
    await page.waitForURL(/\/handovers\/\d+$/);
    await page.getByText('fw-bien-haiau vẫn im').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Nhận ca' }).count(), 0, 'who wrote it does not take it');
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
