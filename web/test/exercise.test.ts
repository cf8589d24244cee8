// Exercises in a browser: the organisers' table at 300 units, the stop that must be held, injects and requests; a unit's own
// drill; a scenario with faults; rosters and names; results and appeals.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, settled, world } from './world.ts';

const called = (w: { mock: { state: { calls: string[] } } }, what: RegExp) => w.mock.state.calls.filter((c) => what.test(c)).length;

test('the board of 300 units draws only what is in sight, keeps its header, and stays smooth while it changes', async () => {
  const w = await world({ path: '/exercises/3/board', units: 300 });
  const { page } = w;
  try {
    const row = page.locator('tbody tr:not(.gap)');
    await row.first().waitFor();
    assert.equal(await page.locator('nav#nav').count(), 0, 'no navigation');
    assert.ok((await row.count()) < 45, `${await row.count()} rows are drawn`);
    assert.equal(await page.locator('table').getAttribute('aria-rowcount'), '301');
    await page.evaluate(() => {
      const w = window as unknown as { long: number[]; frames: number[] };
      w.long = [];
      w.frames = [];
      new PerformanceObserver((l) => l.getEntries().forEach((e) => w.long.push(e.duration))).observe({ entryTypes: ['longtask'] });
      let last = performance.now();
      const frame = (now: number) => {
        w.frames.push(now - last);
        last = now;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    const timer = setInterval(() => w.mock.tell('exercise', 3), 250);
    const box = page.locator('.scroll').first();
    for (let i = 0; i < 60; i++) {
      await box.evaluate((b, y) => (b.scrollTop = y), (i * 190) % 10_000);
      await page.waitForTimeout(50);
    }
    clearInterval(timer);
    const { long, frames } = await page.evaluate(() => ({ long: (window as unknown as { long: number[] }).long, frames: (window as unknown as { frames: number[] }).frames }));
    const sorted = [...frames].sort((a, b) => a - b);
    const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
    console.log(`# board of 300: ${frames.length} frames, median ${sorted[sorted.length >> 1]?.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, ${long.length} long tasks, longest ${Math.max(0, ...long).toFixed(0)} ms; ${called(w, /GET .*board/)} times asked`);
    assert.ok(Math.max(0, ...long) < 400, `a task of ${Math.max(0, ...long)} ms`);
    assert.ok(called(w, /GET .*board/) <= 8, 'asked at most once a second');
    const head = await page.locator('thead th').first().boundingBox();
    const scroll = await box.boundingBox();
    assert.ok(head && scroll && Math.abs(head.y - scroll.y) < 3, 'the header is pinned');
    await w.shot('board-300');
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('the table by keyboard: sort, filter, pause, write an inject, answer requests', async () => {
  const w = await world({ path: '/exercises/3/board' });
  const { page } = w;
  try {
    await page.locator('tbody tr').first().waitFor();
    const first = () => page.locator('tbody tr:not(.gap) td').first().innerText();
    const before = await first();
    await page.keyboard.press('o');
    await page.keyboard.press('o');
    assert.notEqual(await first(), before, 'sorted by name after two presses');
    await page.keyboard.press('f');
    await page.keyboard.type('hon may');
    await page.waitForFunction(() => document.querySelectorAll('tbody tr:not(.gap)').length === 1);
    assert.match(await first(), /Hòn Mây/);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Quá hạn' }).click();
    await page.getByLabel('Tìm đơn vị').fill('');
    await page.keyboard.press('Escape');
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await page.keyboard.press('p');
    await page.getByRole('button', { name: /Tiếp tục/ }).waitFor();
    await page.keyboard.press('n');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Tên').fill('Lãnh đạo hỏi');
    await dialog.getByLabel('Nội dung').fill('Bao giờ xong?');
    await dialog.getByLabel('Khi nào').fill('00:10');
    await dialog.getByRole('button', { name: 'Đặt lịch' }).click();
    await dialog.getByText('Thời điểm này đã qua.').waitFor();
    await w.shot('board-compose');
    assert.deepEqual(await axe(page), []);
    await dialog.getByLabel('Khi nào').fill('');
    await dialog.getByRole('button', { name: /Phát cho/ }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Lãnh đạo hỏi').waitFor();
    await page.getByRole('button', { name: 'Đồng ý' }).click();
    await page.getByText('2 chờ').waitFor();
    await page.getByRole('button', { name: 'Trả lời…' }).click();
    await dialog.getByRole('textbox').fill('Có, thuộc phạm vi.');
    await dialog.getByRole('button', { name: 'Trả lời' }).click();
    await page.getByText('1 chờ').waitFor();
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('the emergency stop does nothing unless it is held for two seconds; back to a mark needs the number of units', async () => {
  const w = await world({ path: '/exercises/3/board', lang: 'en' });
  const { page } = w;
  try {
    await page.locator('tbody tr').first().waitFor();
    await page.getByRole('button', { name: 'Back to a mark…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Type the number').fill('7');
    await dialog.getByRole('button', { name: 'Go back' }).click();
    await dialog.getByRole('alert').waitFor();
    assert.equal(called(w, /rewind/), 0);
    await dialog.getByLabel('Type the number').fill('13');
    await dialog.getByRole('button', { name: 'Go back' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(called(w, /rewind/), 1);
    const stop = page.getByRole('button', { name: /Emergency stop/ });
    await stop.hover();
    await page.mouse.down();
    await page.waitForTimeout(900);
    await w.shot('board-hold');
    await page.mouse.up();
    await stop.focus();
    await page.keyboard.down('Enter');
    await page.waitForTimeout(700);
    await page.keyboard.up('Enter');
    await page.waitForTimeout(1600);
    assert.equal(called(w, /POST .*stop/), 0, 'let go too early');
    await page.keyboard.down('Space');
    await page.waitForTimeout(2400);
    await page.keyboard.up('Space');
    await page.waitForFunction(() => !document.querySelector('.hold'));
    assert.equal(called(w, /POST .*stop/), 1);
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('a unit plays: what arrives is said calmly, a draft is kept, an answer is sent once, hints have their price', async () => {
  const w = await world({ path: '/alerts', before: (m) => (m.state.drill = true) });
  const { page } = w;
  try {
    const dock = page.getByRole('region', { name: 'Vừa tới trong diễn tập' });
    await dock.waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.closest('.dock') !== null && document.activeElement !== document.body), false, 'it takes no focus');
    await w.shot('dock');
    assert.deepEqual(await axe(page), []);
    await dock.getByRole('button', { name: 'Để sau' }).click();
    await dock.waitFor({ state: 'detached' });
    await page.evaluate(() => fetch('/api/v1/drill/arrive', { method: 'POST', headers: { 'X-Coloa': '1' } }));
    await dock.getByText('Lệnh từ cấp trên').waitFor();
    await dock.getByRole('link', { name: 'Mở' }).click();
    await page.waitForURL(/\/drill\?inject=/);
    await page.getByLabel('Trả lời của bạn').fill('Đang xử lý, báo lại sau 10 phút');
    await page.keyboard.press('Tab');
    await page.getByRole('link', { name: /Văn thư không mở/ }).click();
    await page.getByText('Rút dây mạng').waitFor();
    await page.getByRole('link', { name: /Lệnh từ cấp trên/ }).click();
    assert.equal(await page.getByLabel('Trả lời của bạn').inputValue(), 'Đang xử lý, báo lại sau 10 phút', 'the draft is kept');
    await page.getByRole('button', { name: 'Gửi trả lời' }).click();
    await page.getByText('Đã trả lời: Nguyễn Thu Hà').waitFor();
    await page.getByRole('link', { name: /Thư đòi tiền chuộc/ }).click();
    await page.getByText('Giữ làm bằng chứng').click();
    await page.getByRole('button', { name: 'Gửi trả lời' }).click();
    await page.getByText('Đã trả lời: Nguyễn Thu Hà').waitFor();
    await page.getByRole('button', { name: 'Gợi ý…' }).click();
    const dialog = page.getByRole('dialog');
    assert.match(await dialog.locator('select').innerText(), /giá 5 điểm/);
    await dialog.getByRole('button', { name: 'Lấy gợi ý' }).click();
    await page.getByText('Xem cổng thư.').waitFor();
    await page.getByRole('button', { name: 'Có phải ban tổ chức?…' }).click();
    await dialog.getByRole('textbox').fill('198.51.100.9 là ai?');
    await dialog.getByRole('button', { name: 'Gửi', exact: true }).click();
    await page.getByText('198.51.100.9 là ai?').waitFor();
    assert.equal(called(w, /POST .*answer/), 2);
    assert.deepEqual(await axe(page), []);
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('an inject that comes with its event is there at once, and nothing is fetched for it', async () => {
  const w = await world({ path: '/alerts', before: (m) => (m.state.drill = true) });
  const { page } = w;
  try {
    const dock = page.getByRole('region', { name: 'Vừa tới trong diễn tập' });
    await dock.waitFor();
    const is = (await page.evaluate(() => fetch('/api/v1/drill').then((r) => r.json()))) as { play: number; clock: unknown; injects: Record<string, unknown>[] };
    const asked = called(w, /GET .*\/drill$/);
    const inject = { ...is.injects[0], id: 9999, t: 1 + Math.max(...is.injects.map((i) => Number(i['t']))), title: 'Pushed', title_vi: 'Được gửi kèm', seen: null, answered: null, answer: true };
    w.mock.tell('inject', 9999, { play: is.play, clock: is.clock, inject });
    await dock.getByText('Được gửi kèm').waitFor({ timeout: 5000 });
    await page.waitForTimeout(5000);
    assert.equal(called(w, /GET .*\/drill$/), asked);
    w.mock.tell('inject', 9998); /* without it, the page asks */
    await page.waitForResponse((r) => r.url().endsWith('/api/v1/drill'), { timeout: 10_000 });
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('the band stands above every page of a person who plays, on a telephone too', async () => {
  const w = await world({ path: '/', before: (m) => (m.state.drill = true) });
  try {
    for (const path of ['/', '/alerts/2', '/incidents', '/search', '/reports/45', '/settings']) {
      await w.page.goto(w.mock.url + path);
      await w.page.getByRole('complementary', { name: 'Đang diễn tập' }).getByText('DIỄN TẬP', { exact: true }).waitFor();
    }
    const phone = await world({ path: '/', width: 390, height: 850, before: (m) => (m.state.drill = true) });
    await phone.page.getByRole('complementary', { name: 'Đang diễn tập' }).waitFor();
    await phone.shot('phone-drill');
    assert.deepEqual(await axe(phone.page), []);
    await phone.end();
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('practising alone begins from the list and ends with its result', async () => {
  const w = await world({ path: '/exercises' });
  const { page } = w;
  try {
    await settled(page);
    await page.getByRole('button', { name: 'Tự luyện…' }).click();
    const dialog = page.getByRole('dialog');
    assert.ok(await dialog.getByRole('checkbox').isChecked());
    await dialog.getByRole('button', { name: 'Bắt đầu ngay' }).click();
    await page.waitForURL(/\/drill/);
    await page.getByRole('button', { name: 'Kết thúc diễn tập…' }).click();
    await dialog.getByRole('button', { name: 'Kết thúc diễn tập' }).click();
    await page.waitForURL(/\/results\/30$/);
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('a scenario with faults keeps its text and marks the lines; mended in place, it is kept', async () => {
  const w = await world({ path: '/scenarios' });
  const { page } = w;
  try {
    await settled(page);
    await page.getByRole('link', { name: 'Nhập kịch bản' }).click();
    const yaml = 'scenario: coloa-scenario/1\n# TODO\n' + Array.from({ length: 60 }, (_, i) => `# line ${i}\n`).join('') + 'expectations:\n  - id: e1\n    weight: -5\n';
    await page.locator('input[type=file]').setInputFiles({ name: 'moi.yaml', mimeType: 'text/yaml', buffer: Buffer.from(yaml) });
    await page.getByText('65:5').waitFor();
    await page.getByText('Viết weight: 5.').waitFor();
    assert.equal(await page.locator('.marks span').count(), 2, 'the faulty line and the warned one are marked');
    assert.equal(await page.locator('textarea').inputValue(), yaml);
    assert.ok(await page.getByRole('button', { name: 'Giữ kịch bản' }).isDisabled());
    await page.getByText('65:5').click();
    assert.equal(await page.evaluate(() => (document.activeElement as HTMLTextAreaElement).selectionStart), yaml.indexOf('weight'), 'the cursor is at the fault');
    const [mark, area] = [await page.locator('.marks .now').boundingBox(), await page.locator('textarea').boundingBox()];
    assert.ok(mark && area && mark.y >= area.y && mark.y + mark.height <= area.y + area.height, 'the marked line is in sight');
    await w.shot('scenario-faults');
    await page.emulateMedia({ colorScheme: 'dark' });
    await w.shot('scenario-faults-dark');
    assert.deepEqual(await axe(page), []);
    await page.locator('textarea').fill(yaml.replace('-5', '5'));
    await page.getByText('Đã sửa sau lần kiểm tra').waitFor();
    await page.getByRole('button', { name: 'Kiểm tra' }).click();
    await page.getByText('“Kịch bản mới” hợp lệ.').waitFor();
    await page.getByRole('button', { name: 'Giữ kịch bản' }).click();
    await page.waitForURL(/\/scenarios\/2$/);
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('an exercise is planned: units by hundreds, roster, names, go only when all is confirmed', async () => {
  const w = await world({ path: '/exercises/4', units: 300 });
  const { page } = w;
  try {
    const row = page.locator('tbody tr:not(.gap)');
    await row.first().waitFor();
    assert.ok((await row.count()) < 50);
    assert.ok(await page.getByRole('button', { name: 'Quyết định: tiến hành' }).isDisabled());
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Xác nhận…' }).first().click();
    await dialog.getByRole('textbox').fill('Đã gọi thử');
    await dialog.getByRole('button', { name: 'Xác nhận' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Đã gọi thử').waitFor();
    await page.keyboard.press('j');
    await page.getByRole('button', { name: 'Danh sách người chơi…' }).click();
    await dialog.getByRole('button', { name: 'Thêm người' }).click();
    await w.shot('roster');
    assert.deepEqual(await axe(page), []);
    await dialog.getByLabel('Người', { exact: true }).last().selectOption({ index: 1 });
    await dialog.getByRole('button', { name: 'Lưu' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Tên máy…' }).click();
    await dialog.getByLabel('Địa chỉ riêng: ‹đơn vị›-WS-01').fill('203.0.113.70');
    await dialog.getByRole('button', { name: 'Lưu' }).click();
    await dialog.getByText('kẻ tấn công').first().waitFor();
    await w.shot('cast');
    await dialog.getByLabel('Địa chỉ riêng: ‹đơn vị›-WS-01').fill('10.64.3.8');
    await dialog.getByRole('button', { name: 'Lưu' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Mời đơn vị…' }).click();
    await w.shot('invite');
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press('Escape');
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
test('results: ranks are ranges, every line opens to its records, an appeal is made and ruled on', async () => {
  const w = await world({ path: '/exercises/2/results' });
  const { page } = w;
  try {
    const row = page.locator('tbody tr:not(.gap)');
    await row.first().waitFor();
    assert.match(await page.locator('tbody').first().innerText(), /2–8/, 'a rank is a range');
    await page.getByRole('button', { name: 'Ra quyết định…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Quyết định').selectOption('upheld');
    await dialog.getByLabel('Lý do').fill('Cảnh báo 12 cho thấy điều đó.');
    await dialog.getByRole('button', { name: 'Ra quyết định' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('chấp nhận').waitFor();
    const got = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Dữ kiện (JSONL)' }).click();
    await got;
    await row.nth(1).getByRole('link').click();
    await page.getByRole('heading', { name: 'Từng mục' }).waitFor();
    await page.getByRole('link', { name: 'cảnh báo 2', exact: true }).waitFor();
    assert.equal(await page.getByRole('img', { name: 'Tấn công và ứng phó' }).count(), 1);
    await page.getByRole('button', { name: 'khiếu nại…', exact: true }).first().click();
    await dialog.getByRole('textbox').fill('Đã báo trước đó.');
    await dialog.getByRole('button', { name: 'Gửi khiếu nại' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Đã báo trước đó.').waitFor();
    await page.getByRole('link', { name: 'cảnh báo 2', exact: true }).click();
    await page.waitForURL(/\/alerts\/2$/);
    assert.deepEqual(w.complaints, []);
  } finally {
    await w.end();
  }
});
