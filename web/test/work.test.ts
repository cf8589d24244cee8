// The work itself: triage with its dialogs, what a refusal looks like, the live line and its loss, signing in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, settled, world } from './world.ts';

test('several alerts are dismissed at once; a fault is said at its field and what was typed stays', async () => {
  const w = await world({ path: '/alerts' });
  const { page } = w;
  try {
    await page.locator('tr.here').waitFor();
    for (const key of ['x', 'j', 'x']) await page.keyboard.press(key);
    await page.keyboard.press('d');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'SELECT', 'focus starts on a field');
    await dialog.getByLabel('Lý do').selectOption('false_positive');
    await dialog.getByLabel('Bạn đã thấy gì').fill('ok');
    await page.waitForTimeout(50);
    assert.deepEqual(await axe(page), []);
    await dialog.getByRole('button', { name: /Bỏ qua cảnh báo/ }).click();
    await dialog.getByText(/Quá ngắn/).waitFor();
    await w.shot('dismiss-fault');
    assert.equal(await dialog.getByLabel('Bạn đã thấy gì').inputValue(), 'ok');
    assert.equal(await dialog.getByLabel('Bạn đã thấy gì').getAttribute('aria-invalid'), 'true');
    await dialog.getByLabel('Bạn đã thấy gì').fill('Sao lưu định kỳ của BKP-01');
    await dialog.getByRole('button', { name: /Bỏ qua cảnh báo/ }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('21 dòng').waitFor();
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('an alert is merged into the incident that is suggested', async () => {
  const w = await world({ path: '/alerts/2' });
  const { page } = w;
  try {
    await settled(page);
    await page.keyboard.press('m');
    await page.getByRole('dialog').getByRole('radio', { checked: true }).waitFor();
    await w.shot('merge');
    await page.getByRole('button', { name: 'Gộp vào SC-2026-0147' }).last().click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.ok(w.mock.state.calls.includes('POST /alerts/2/merge'));
    await page.locator('a.tag', { hasText: 'SC-2026-0147' }).waitFor();
  } finally {
    await w.end();
  }
});
test('the marks stand where the rule matched, in fields and in bytes', async () => {
  const w = await world({ path: '/alerts/2' });
  const { page } = w;
  try {
    await settled(page);
    assert.deepEqual(await page.locator('mark').allInnerTexts(), ['11', '\\vssadmin.exe2', 'delete3', 'shadows3']);
    await page.getByRole('button', { name: 'Nguyên byte' }).click();
    assert.deepEqual(await page.locator('mark').allInnerTexts(), ['11', '\\\\vssadmin.exe2', 'delete3', 'shadows3']);
  } finally {
    await w.end();
  }
});
test('a new alert waits behind a line until it is asked for', async () => {
  const w = await world({ path: '/alerts' });
  const { page } = w;
  try {
    await page.locator('tr.here').waitFor();
    await settled(page);
    const first = await page.locator('tbody tr').first().innerText();
    w.mock.raise();
    await page.getByRole('button', { name: /1 mới/ }).waitFor();
    assert.equal(await page.locator('tbody tr').first().innerText(), first, 'nothing moved');
    await w.shot('fresh');
    await page.locator('h1').click();
    await page.keyboard.press('.');
    await page.getByText('Tài khoản quản trị cục bộ mới').first().waitFor();
  } finally {
    await w.end();
  }
});
test('ten thousand rows: few are drawn, and the end is reached', async () => {
  const w = await world({ path: '/sources' });
  const { page } = w;
  try {
    await page.locator('tr.here').waitFor();
    assert.equal(await page.locator('table').getAttribute('aria-rowcount'), '412');
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('End');
      await page.waitForTimeout(80);
    }
    assert.equal(await page.locator('tr.here').getAttribute('aria-rowindex'), '413');
    assert.ok((await page.locator('tbody tr').count()) < 60, 'rows out of sight are not drawn');
  } finally {
    await w.end();
  }
});
test('filter and sort stand in the address, and come back from it', async () => {
  const w = await world({ path: '/sources' });
  const { page } = w;
  try {
    await page.locator('tr.here').waitFor();
    await page.getByLabel('Trạng thái').selectOption('silent');
    await page.waitForURL(/state=silent/);
    await page.getByText('2 dòng').waitFor();
    await page.getByRole('button', { name: 'Nguồn' }).click();
    await page.waitForURL(/sort=-name/);
    assert.equal(await page.locator('th[aria-sort=descending]').count(), 1);
    await page.reload();
    await page.getByText('2 dòng').waitFor();
  } finally {
    await w.end();
  }
});
test('without the node the page is stale: said, readable, and nothing can be pressed', async () => {
  const w = await world({ path: '/alerts/2' });
  const { page } = w;
  try {
    await settled(page);
    w.mock.state.broken = true;
    w.mock.drop();
    await page.locator('.stale').waitFor();
    assert.ok(await page.getByRole('button', { name: /Nhận xử lý/ }).isDisabled());
    const calls = w.mock.state.calls.filter((c) => c.startsWith('POST')).length;
    await page.keyboard.press('a');
    await page.waitForTimeout(200);
    assert.equal(w.mock.state.calls.filter((c) => c.startsWith('POST')).length, calls);
    assert.deepEqual(await axe(page), []);
    await w.shot('stale');
    w.mock.state.broken = false;
    await page.locator('.stale').waitFor({ state: 'detached' });
    assert.ok(await page.getByRole('button', { name: /Nhận xử lý/ }).isEnabled());
  } finally {
    await w.end();
  }
});
test('signing in: a wrong password, then the second factor', async () => {
  const w = await world({ before: (m) => (m.state.signedIn = false) });
  const { page } = w;
  try {
    await page.getByLabel('Tài khoản').fill('ha.nt');
    await page.getByLabel('Mật khẩu').fill('sai');
    await page.keyboard.press('Enter');
    await page.getByText('Tài khoản hoặc mật khẩu không đúng').waitFor();
    assert.equal(await page.getByLabel('Tài khoản').inputValue(), 'ha.nt');
    await page.getByLabel('Mật khẩu').fill('dung-mat-khau');
    await page.keyboard.press('Enter');
    await page.getByLabel('Mã 6 số').waitFor();
    await w.shot('signin-totp');
    assert.deepEqual(await axe(page), []);
    await page.getByLabel('Mã 6 số').fill('123 456');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Ca trực' }).waitFor();
  } finally {
    await w.end();
  }
});
test('the first sign-in: a password of one’s own, then the second factor and its recovery codes', async () => {
  const w = await world({ before: (m) => (m.state.signedIn = false) });
  const { page } = w;
  try {
    await page.getByLabel('Tài khoản').fill('admin');
    await page.getByLabel('Mật khẩu').fill('mot-lan');
    await page.keyboard.press('Enter');
    await page.getByLabel('Mật khẩu mới').waitFor();
    await page.getByLabel('Mật khẩu mới').fill('ngan');
    await page.getByLabel('Nhập lại lần nữa').fill('ngan');
    await page.keyboard.press('Enter');
    await page.getByText('Ít hơn 14 ký tự').waitFor();
    assert.equal(await page.getByLabel('Mật khẩu mới').inputValue(), 'ngan', 'what was typed stays');
    await page.getByLabel('Mật khẩu mới').fill('Con-trâu-8-đi-trước');
    await page.getByLabel('Nhập lại lần nữa').fill('Con-trâu-8-đi-trước');
    await page.keyboard.press('Enter');
    await page.getByRole('img', { name: /QR/ }).waitFor();
    await w.shot('totp-setup');
    assert.deepEqual(await axe(page), []);
    await page.getByLabel('Mã ứng dụng đang hiện').fill('123456');
    await page.keyboard.press('Enter');
    await page.getByText('k7m2-9x0q-w40h').waitFor();
    await w.shot('totp-codes');
    assert.deepEqual(await axe(page), []);
    assert.ok(await page.getByRole('button', { name: 'Tiếp tục' }).isDisabled());
    await page.getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Tiếp tục' }).click();
    await page.getByRole('heading', { name: 'Các bước đầu' }).waitFor();
  } finally {
    await w.end();
  }
});
test('an incident: a note, a task, approval with a code that is wrong first', async () => {
  const w = await world({ path: '/incidents/147' });
  const { page } = w;
  try {
    await settled(page);
    await page.keyboard.press('n');
    await page.keyboard.type('Đã gọi phòng CNTT bệnh viện');
    await page.keyboard.press('Control+Enter');
    await page.locator('.line-list li').first().getByText('Đã gọi phòng CNTT bệnh viện').waitFor();
    await page.getByLabel('Rà 3 máy cùng phân đoạn').check();
    await page.getByRole('button', { name: /Hoàn tác/ }).waitFor();
    await page.getByLabel('Mã 6 số').fill('000000');
    await page.getByRole('button', { name: 'Phê duyệt' }).click();
    await page.getByText('Mã không đúng hoặc đã dùng').waitFor();
    await page.getByLabel('Mã 6 số').fill('123456');
    await page.getByRole('button', { name: 'Phê duyệt' }).click();
    await page.getByRole('heading', { name: 'Duyệt ngăn chặn' }).waitFor({ state: 'detached' });
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('a file with faults: line, field and remedy; nothing is taken', async () => {
  const w = await world({ path: '/people' });
  const { page } = w;
  try {
    await settled(page);
    await page.getByRole('button', { name: 'Nhập CSV' }).click();
    await page.getByLabel(/dán vào đây/).fill('login,name\nan.nv,Nguyễn Văn An\nhong');
    await page.getByRole('button', { name: 'Kiểm tra' }).click();
    await page.getByText('1 lỗi trong 2 dòng').waitFor();
    await w.shot('import-faults');
    assert.deepEqual(await axe(page), []);
    await page.getByLabel(/dán vào đây/).fill('login,name\nan.nv,Nguyễn Văn An\nhong.lt,Lê Thị Hồng');
    await page.getByRole('button', { name: 'Kiểm tra' }).click();
    await page.getByRole('button', { name: 'Nhập 2 dòng' }).click();
    await page.getByText('Đã tạo 2').waitFor();
  } finally {
    await w.end();
  }
});
test('what a person may not do is not offered', async () => {
  const w = await world({ path: '/alerts/2', before: (m) => (m.state.permissions = ['alerts.read', 'incidents.read']) });
  const { page } = w;
  try {
    await settled(page);
    assert.equal(await page.getByRole('button', { name: /Nhận xử lý/ }).count(), 0);
    assert.equal(await page.getByRole('navigation').getByRole('link', { name: 'Sổ kiểm toán' }).count(), 0);
    await page.keyboard.press('a');
    await page.waitForTimeout(100);
    assert.ok(!w.mock.state.calls.some((c) => c.startsWith('POST')));
  } finally {
    await w.end();
  }
});
