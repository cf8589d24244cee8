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
test('what is undone stands below the page and covers nothing; who is idle is warned', async () => {
  const w = await world({ path: '/alerts/2' });
  const { page } = w;
  try {
    await settled(page);
    await page.keyboard.press('a');
    const bar = page.getByRole('status').filter({ hasText: 'Hoàn tác' });
    await bar.waitFor();
    const [strip, main] = [await bar.boundingBox(), await page.locator('main').boundingBox()];
    assert.ok(strip && main && strip.y >= main.y + main.height - 1, 'below, not over');
    await w.shot('undo-bar');
    assert.equal(await page.getByText(/Ở lại/).count(), 0);
    w.mock.state.idle = 1;
    await page.reload();
    await page.getByRole('button', { name: 'Ở lại' }).waitFor();
    await page.getByText(/phiên (đã )?kết thúc/i).first().waitFor();
    await w.shot('idle');
    assert.deepEqual(await axe(page), []);
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('the marks of one field carry the numbers of their own conditions; around it is by its own time', async () => {
  const w = await world({ path: '/alerts/1', before: (m) => { m.state.permissions = m.state.permissions.filter((x) => x !== 'events.read'); m.meddleAlert(1, { first: '2020-09-21T15:39:11.000Z', last: '2020-09-21T15:39:11.000Z', why: [{ n: 1, field: 'CommandLine', op: 'contains', value: 'asktgt', text_en: 'a', text_vi: 'a' }, { n: 2, field: 'CommandLine', op: 'contains', value: '/ptt', text_en: 'b', text_vi: 'b' }], events: [{ which: 'first', seq: 7, received: '2026-11-18T01:00:00.000Z', fields: { CommandLine: 'rubeus.exe asktgt /user:a /ptt' }, marks: [] }] }); } });
  const { page } = w;
  try {
    await page.locator('pre mark').nth(1).waitFor();
    assert.deepEqual(await page.locator('pre mark sup').allInnerTexts(), ['1', '2']);
    const to = await page.getByRole('link', { name: /15 phút/ }).getAttribute('href');
    assert.match(decodeURIComponent(to ?? ''), /from=2020-09-21T15:24:11.000Z&to=2020-09-21T15:54:11.000Z/);
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('the first steps name the listeners that this node has', async () => {
  const w = await world({ path: '/start' });
  const { page } = w;
  try {
    const how = page.getByRole('region', { name: 'Cách gửi' });
    await how.getByText('--port 5514', { exact: false }).waitFor();
    assert.equal(await how.getByText('6514').count(), 0);
    await how.getByText('http://127.0.0.1:9200', { exact: false }).waitFor();
    await how.getByText(/Chỉ máy này gửi được/).waitFor();
    await w.shot('start');
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('a page that is not there has a way back; an incident without reports says that only its own are shown', async () => {
  const w = await world({ path: '/incidents/99999' });
  const { page } = w;
  try {
    await page.getByRole('link', { name: 'Về Ca trực' }).waitFor();
    await page.getByRole('button', { name: 'Quay lại' }).click();
    await page.getByRole('heading', { name: 'Ca trực' }).waitFor();
    await page.goto(w.mock.url + '/reports?incident=99998');
    await page.getByText('Sự cố này chưa có báo cáo nào.').waitFor();
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('on a telephone the tabs stand at the lower edge, and what is undone just above them', async () => {
  const w = await world({ path: '/alerts/2', width: 390, height: 850 });
  const { page } = w;
  try {
    await settled(page);
    await page.getByRole('button', { name: /Nhận xử lý/ }).click();
    const bar = page.getByRole('status').filter({ hasText: 'Hoàn tác' });
    await bar.waitFor();
    const [strip, tabs] = [await bar.boundingBox(), await page.locator('nav.tabs').boundingBox()];
    assert.ok(tabs && Math.abs(tabs.y + tabs.height - 850) < 2, 'at the lower edge');
    assert.ok(strip && tabs && Math.abs(strip.y + strip.height - tabs.y) < 2, 'above the tabs');
    await w.shot('phone-undo');
    await page.goto(w.mock.url + '/actions');
    await settled(page);
    const low = await page.locator('nav.tabs').boundingBox();
    assert.ok(low && Math.abs(low.y + low.height - 850) < 2, 'also below a short page');
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('the language is the person’s own, else the browser’s', async () => {
  for (const [locale, own, title] of [['vi-VN', null, 'Ca trực'], ['en-GB', null, 'Tonight'], ['en-GB', 'vi', 'Ca trực'], ['vi-VN', 'en', 'Tonight'], ['fr-FR', null, 'Ca trực']] as const) {
    const w = await world({ lang: null, locale, before: (m) => (m.state.lang = own) });
    try {
      await w.page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
      assert.equal(await w.page.evaluate(() => document.documentElement.lang), title === 'Tonight' ? 'en' : 'vi');
    } finally {
      await w.end();
    }
  }
});
