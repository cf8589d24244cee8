// Live fire in a browser: the declaration and its consents, a red team's finding from draft to filing, the organisers' desk,
// a juror who does not know whose it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, settled, world } from './world.ts';

const as = (side: 'organiser' | 'jury' | 'red' | 'blue') => (m: { state: { side: string } }) => void (m.state.side = side);

test('an owner consents for chosen addresses, and withdraws', async () => {
  const w = await world({ path: '/exercises/5/declaration', before: as('blue') });
  const { page } = w;
  try {
    await settled(page);
    await page.getByText('chưa đồng ý').waitFor();
    await page.getByRole('button', { name: 'Đồng ý…' }).click();
    const dialog = page.getByRole('dialog');
    assert.match(await dialog.getByLabel('Địa chỉ').inputValue(), /10\.64\.8\.10/);
    await w.shot('live-consent');
    assert.deepEqual(await axe(page), []);
    await dialog.getByRole('button', { name: 'Đồng ý' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await page.getByText('chưa đồng ý').count(), 0);
    await page.getByRole('button', { name: 'Rút lại…' }).click();
    await dialog.getByRole('textbox').fill('Có sự cố thật.');
    await dialog.getByRole('button', { name: 'Rút lại' }).click();
    await page.getByText(/đã rút/).waitFor();
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('a red team writes a finding, attaches, files it; the log takes declared sources only', async () => {
  const w = await world({ path: '/exercises/5/findings', before: as('red') });
  const { page } = w;
  try {
    await page.locator('tbody tr').first().waitFor();
    await page.getByRole('button', { name: 'Ghi nhật ký…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Địa chỉ nguồn').fill('192.0.2.1');
    await dialog.getByLabel('Việc đã làm').fill('Dò cổng.');
    await dialog.getByRole('button', { name: 'Ghi lại' }).click();
    await dialog.getByText('Không phải địa chỉ đã công bố.', { exact: false }).first().waitFor();
    await dialog.getByLabel('Địa chỉ nguồn').fill('198.51.100.4');
    await dialog.getByRole('button', { name: 'Ghi lại' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.keyboard.press('n');
    await page.waitForURL(/\/findings\/new$/);
    await page.getByLabel('Tên', { exact: true }).fill('Lỗ hổng tải tệp');
    await page.getByLabel('Các bước').fill('1. Mở trang.\n2. Tải tệp.');
    await w.shot('finding-new');
    assert.deepEqual(await axe(page), []);
    await page.getByRole('button', { name: 'Lưu' }).click();
    await page.waitForURL(/\/findings\/\d+$/);
    await page.locator('input[type=file]').setInputFiles({ name: 'anh.png', mimeType: 'image/png', buffer: Buffer.from('x') });
    await page.getByRole('link', { name: 'anh.png' }).waitFor();
    await page.getByRole('button', { name: 'Nộp…' }).click();
    await dialog.getByRole('button', { name: 'Nộp' }).click();
    await page.getByText('đã nộp', { exact: true }).waitFor();
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('organisers verify; a juror marks blind', async () => {
  const w = await world({ path: '/exercises/5/findings/1', before: as('organiser') });
  const { page } = w;
  const dialog = page.getByRole('dialog');
  try {
    await page.getByRole('button', { name: 'Xác minh…' }).click();
    assert.equal(await dialog.getByLabel('Mức').inputValue(), 'high', 'begins with what was claimed');
    await dialog.getByLabel('Đã kiểm tra những gì').fill('Làm theo được.');
    await dialog.getByRole('checkbox').check();
    await w.shot('finding-verify');
    assert.deepEqual(await axe(page), []);
    await dialog.getByRole('button', { name: 'Xác minh' }).click();
    await page.getByText('Làm theo được.').waitFor();
    w.mock.state.side = 'jury';
    await page.reload();
    await page.getByText('ẩn tên đội').waitFor();
    assert.equal(await page.getByText('Đội Sao La').count(), 0, 'the juror does not learn whose it is');
    await page.getByRole('button', { name: 'Chấm…' }).click();
    await dialog.getByLabel('Mức').selectOption('critical');
    await dialog.getByLabel('Dữ liệu').selectOption('3');
    await dialog.getByRole('button', { name: 'Chấm' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('của bạn').waitFor();
    assert.ok(w.mock.state.calls.some((c) => /POST .*findings\/1\/mark/.test(c)));
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
