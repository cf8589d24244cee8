// The scripted night in a real browser, on a real node: test/scenario/night.py has begun the agency and its logs, and looks
// from outside at what is claimed here. How it speaks with the test: stage.mjs.
//   node tools/night.mjs STATE.json     {url, password, secrets: {login: secret}, shots, repository, kept}
import { as, ask, axe, blur, code, dialog, gone, play, shot, state } from './stage.mjs';

let incident = state.incident ?? '';
let path = incident ? `/incidents/${incident}` : '';

const steps = {
  // 1. The officer on duty sees the alerts arrive, and triages by keyboard.
  async triage() {
    const page = await as('ha');
    await page.locator('tr.here').waitFor();
    await shot(page, 'tonight');
    await axe(page, 'tonight');
    await page.goto(state.url + '/alerts');
    await page.locator('tr.here').waitFor();
    const before = Number(/(\d+)/.exec(await page.getByText(/\d+ dòng/).innerText())[1]);
    if (before < 40) throw new Error(`only ${before} alerts have arrived`);
    await shot(page, 'alerts');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/alerts\/\d+$/);
    await page.locator('h2').first().waitFor();
    await page.waitForTimeout(800);
    await shot(page, 'alert');
    await axe(page, 'alert');
    await page.keyboard.press('a');
    await page.getByRole('button', { name: /Hoàn tác/ }).waitFor();
    await page.goto(state.url + '/alerts');
    await page.locator('tr.here').waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press('x');
    await page.keyboard.press('d');
    await dialog(page).getByLabel('Lý do').selectOption('expected');
    await dialog(page).getByLabel('Bạn đã thấy gì').fill('Bảo trì theo kế hoạch của Phòng CNTT');
    await dialog(page).getByRole('button', { name: /Bỏ qua cảnh báo/ }).click();
    await gone(page);
    await shot(page, 'dismissed');
    return { alerts: before };
  },
  // 2. The lead opens an incident from what belongs together, and declares it.
  async declare() {
    const page = await as('khoi', { theme: 'light' });
    await page.goto(state.url + '/alerts');
    await page.locator('tr.here').waitFor();
    for (const key of ['x', 'j', 'x', 'j', 'x', 'j', 'x']) await page.keyboard.press(key);
    await page.keyboard.press('i');
    await dialog(page).getByLabel('Tên sự cố').fill('Chiếm quyền tài khoản quản trị, HIS');
    await dialog(page).getByLabel('Loại').selectOption('access');
    await dialog(page).getByLabel('Thiệt hại').selectOption('considerable');
    await dialog(page).getByRole('button', { name: 'Lập sự cố' }).click();
    await page.waitForURL(/\/incidents\/\d+$/);
    path = new URL(page.url()).pathname;
    incident = path.split('/').pop();
    await page.getByRole('button', { name: 'Sửa' }).first().click();
    await dialog(page).getByLabel('Chỉ huy').selectOption({ label: 'Lê Minh Khôi' });
    await dialog(page).getByRole('button', { name: 'Lưu' }).click();
    await gone(page);
    await move(page, 'declared', '');
    await page.getByRole('button', { name: /Nghiêm trọng theo luật/ }).click();
    await dialog(page).locator('fieldset').first().waitFor();
    const asked = await dialog(page).locator('fieldset').count();
    for (let i = 0; i < asked; i++) {
      // Interruption and lost control, beyond the owner's own strength: yes; the rest, no.
      const question = dialog(page).locator('fieldset').nth(i);
      const answer = question.locator(`input[value=${/gián đoạn|mất quyền điều khiển|lan sang|không đủ khả năng/i.test(await question.locator('legend').innerText()) ? 'yes' : 'no'}]`);
      if ((await answer.isEnabled()) && !(await answer.isChecked())) {
        const saved = page.waitForResponse((r) => r.url().endsWith('/answers'));
        await answer.check();
        await saved;
      }
    }
    await shot(page, 'serious');
    await axe(page, 'assessment');
    await dialog(page).locator('select[name=serious]').selectOption('yes');
    await dialog(page).locator('textarea[name=reason]').fill('Hệ thống cấp độ 3, mất quyền điều khiển hai máy trạm');
    await dialog(page).locator('button.primary').click();
    await gone(page);
    await move(page, 'containing', '');
    await page.locator('.clock').first().waitFor();
    await shot(page, 'incident-declared');
    await axe(page, 'incident');
    return { incident };
  },
  // 3. The handler writes what is seen, keeps evidence, and proposes a block; the approver decides with a code of their own.
  async contain() {
    const page = await as('bao');
    await page.goto(state.url + path);
    await page.locator('.line-list li').first().waitFor();
    await page.keyboard.press('n');
    await page.keyboard.type('Máy WORKSTATION6 gọi ra 203.0.113.70 mỗi 5 giây');
    await page.keyboard.press('Control+Enter');
    await page.locator('.line-list li').first().getByText('203.0.113.70').waitFor();
    await blur(page);
    const evidence = page.locator('section[aria-labelledby=evidence]');
    await evidence.getByRole('button', { name: 'Thêm' }).click();
    await dialog(page).getByLabel('Tệp', { exact: true }).setInputFiles({ name: 'launcher.vbs.txt', mimeType: 'text/plain', buffer: Buffer.from('mẫu: launcher.vbs\n'.repeat(2000)) });
    await dialog(page).locator('textarea[name=note]').fill('Tệp khởi chạy tìm thấy trên WORKSTATION5');
    await dialog(page).getByLabel('Lấy từ đâu').fill('WORKSTATION5');
    await dialog(page).getByRole('button', { name: 'Thêm', exact: true }).click();
    await gone(page);
    await evidence.getByText('launcher.vbs.txt').waitFor();
    await ask('before the block');
    await page.getByRole('button', { name: 'Đề nghị ngăn chặn…' }).click();
    await dialog(page).locator('textarea[name=targets]').fill('203.0.113.70');
    // The page offers hours; the night has a minute and a half.
    await dialog(page).locator('select[name=seconds] option').first().evaluate((o, h) => (o.__value = o.value = h), String(90 / 3600));
    await dialog(page).locator('select[name=seconds]').selectOption({ index: 0 });
    await dialog(page).locator('textarea[name=reason]').fill('Địa chỉ điều khiển của kẻ tấn công');
    await dialog(page).getByRole('button', { name: 'Xem sẽ chạm tới gì' }).click();
    await dialog(page).getByText(/mục được phép/).waitFor();
    await shot(page, 'propose');
    await dialog(page).getByRole('button', { name: 'Đề nghị ngăn chặn' }).click();
    await gone(page);
    await page.getByText('chờ người thứ hai').first().waitFor();
    await shot(page, 'proposed');
    await ask('proposed, not yet in force');
    // The approver, at home, with a telephone.
    const phone = await as('anh', { phone: true });
    await phone.goto(state.url + '/');
    await phone.getByRole('link', { name: 'Xem kỹ rồi phê duyệt' }).click();
    await phone.waitForURL(/\/actions\/\d+$/);
    await shot(phone, 'phone-approval');
    await axe(phone, 'approval on a telephone');
    await phone.getByLabel('Mã 6 số').fill('000000');
    await phone.getByRole('button', { name: 'Phê duyệt' }).click();
    await phone.getByText(/mã không đúng/i).first().waitFor();
    await phone.getByLabel('Mã 6 số').fill(await code('anh'));
    await phone.getByRole('button', { name: 'Phê duyệt' }).click();
    await phone.getByText('Đang có hiệu lực').first().waitFor();
    await shot(phone, 'phone-in-force');
    await ask('in force');
    return {};
  },
  // 4. A restore drill on a real repository, watched until it is proved.
  async drill() {
    const page = await as('bao');
    await page.goto(state.url + '/recovery');
    await page.getByRole('heading', { name: 'Kho sao lưu' }).waitFor();
    await shot(page, 'recovery');
    await page.getByRole('button', { name: 'Thử khôi phục…' }).first().click();
    await dialog(page).getByRole('checkbox').check();
    await dialog(page).getByRole('button', { name: 'Thử khôi phục' }).click();
    await page.waitForURL(/\/recovery\/drills\/\d+$/);
    await page.locator('.tag.ok, .tag.crit').first().waitFor({ timeout: 120_000 });
    await shot(page, 'drill');
    await axe(page, 'drill');
    if (!(await page.locator('.tag.ok').count())) throw new Error('the drill does not hold: ' + (await page.locator('main').innerText()));
    return {};
  },
  // 5. The reports of 24 and 72 hours: written by one, signed by two others, handed over by the liaison.
  async reports() {
    const done = [];
    for (const kind of ['initial', 'findings']) {
      const writer = await as('bao');
      await writer.goto(`${state.url}/reports?incident=${incident}`);
      await writer.getByRole('heading', { name: 'Báo cáo' }).waitFor();
      await blur(writer);
      await writer.getByRole('button', { name: /Lập báo cáo…/ }).click();
      await dialog(writer).locator(`select[name=kind] option[value=${kind}]`).waitFor({ state: 'attached' });
      await dialog(writer).locator('select[name=kind]').selectOption(kind);
      await dialog(writer).getByRole('button', { name: 'Lập báo cáo' }).click();
      await writer.waitForURL(/\/reports\/\d+$/);
      await writer.locator('section[aria-labelledby=rfields] input, section[aria-labelledby=rfields] textarea').first().waitFor();
      await shot(writer, `report-${kind}-missing`);
      await axe(writer, 'report');
      for (;;) {
        const missing = writer.locator('section[aria-labelledby=rmissing] button');
        if (!(await missing.count())) break;
        const left = await missing.count();
        await missing.first().click();
        const time = await writer.evaluate(() => /00:|\d\d:\d\d/.test(document.activeElement?.closest('.field')?.querySelector('.meta')?.textContent ?? ''));
        await writer.keyboard.type(time ? '01:00' : 'Đã kiểm tra; xem diễn biến của sự cố.');
        await writer.waitForFunction((n) => document.querySelectorAll('section[aria-labelledby=rmissing] button').length < n, left);
      }
      await writer.getByRole('button', { name: 'Trình ký' }).click();
      await writer.locator('.tag.on', { hasText: 'Chờ ký' }).waitFor();
      const number = new URL(writer.url()).pathname;
      for (const signer of ['khoi', 'duc']) {
        const page = await as(signer, { theme: 'light' });
        await page.goto(state.url + number);
        await page.getByLabel('Mã 6 số').fill(await code(signer));
        await page.getByRole('button', { name: 'Ký', exact: true }).click();
        await page.getByText(signer === 'khoi' ? '1 / 2' : '2 / 2').first().waitFor();
      }
      const liaison = await as('tuan');
      await liaison.goto(state.url + number);
      await liaison.getByRole('button', { name: 'Ghi nhận đã nộp…' }).click();
      await dialog(liaison).getByLabel('Nộp cho ai').fill('Cơ quan chuyên trách');
      await dialog(liaison).locator('textarea[name=proof]').fill('Biên nhận số 0147-' + kind);
      await dialog(liaison).getByRole('button', { name: 'Ghi nhận đã nộp' }).click();
      await gone(liaison);
      await liaison.getByText('Đã nộp').first().waitFor();
      const file = liaison.waitForEvent('download');
      await liaison.getByRole('button', { name: 'PDF', exact: true }).click();
      const to = `${state.shots}/${kind}.pdf`;
      await (await file).saveAs(to);
      const signature = liaison.waitForEvent('download');
      await liaison.getByRole('button', { name: 'PDF.sig' }).click();
      await (await signature).saveAs(to + '.sig');
      await shot(liaison, `report-${kind}-sent`);
      done.push({ kind, file: to });
    }
    return { reports: done };
  },
  // 6. Restored, watched, closed, reviewed; what is to be better stays on Tonight.
  async close() {
    const page = await as('khoi');
    await page.goto(state.url + path);
    await page.locator('.six li').first().waitFor();
    await move(page, 'recovering', '');
    const lay = page.getByRole('button', { name: 'Lập danh mục chuẩn' });
    if (await lay.count()) {
      await lay.click();
      const boxes = page.locator('section[aria-labelledby=eradicate] input[type=checkbox]');
      await boxes.first().waitFor();
      for (let i = await boxes.count(); i > 0; i--) {
        const saved = page.waitForResponse((r) => r.request().method() === 'PATCH');
        await page.locator('section[aria-labelledby=eradicate] input[type=checkbox]:not(:checked)').first().check();
        await saved;
        await page.waitForTimeout(200);
      }
    }
    await move(page, 'watching', '');
    for (let i = 0; i < 24; i++) {
      const next = page.locator('.six li button').first();
      if (!(await next.count())) break;
      const saved = page.waitForResponse((r) => r.url().includes('/activities/'));
      await next.click();
      await saved;
      await page.waitForTimeout(150);
    }
    // Deadlines that do not apply tonight, each with its reason.
    for (let i = 0; i < 12; i++) {
      await page.goto(state.url + path);
      await page.locator('.clock').first().waitFor();
      const more = page.getByRole('button', { name: /hạn khác/ });
      if (await more.count()) await more.click();
      const open = page.locator('.one').filter({ hasText: /[Cc]òn \d|[Tt]rễ \d/ });
      if (!(await open.count())) break;
      await open.first().getByRole('button').first().click();
      await dialog(page).getByRole('button', { name: 'Không áp dụng…' }).click();
      await dialog(page).locator('textarea[name=reason]').fill('Không có dữ liệu cá nhân bị lộ; cơ quan đã nhận báo cáo');
      await dialog(page).getByRole('button', { name: 'Lưu' }).click();
      await gone(page);
    }
    await shot(page, 'before-closure');
    await move(page, 'closed', '');
    await page.getByRole('button', { name: 'Rút kinh nghiệm' }).click();
    await dialog(page).getByLabel('Nguyên nhân gốc').fill('Tài khoản dịch vụ có quyền quản trị, mật khẩu không đổi từ 2019');
    await dialog(page).getByLabel('Điều gì lẽ ra phải phát hiện').fill('Quy tắc cho DCSync chưa bật trên máy chủ miền');
    await dialog(page).getByLabel('Bài học').fill('Tách tài khoản dịch vụ; bật ghi nhật ký 4662');
    await shot(page, 'review');
    await axe(page, 'review');
    await dialog(page).getByRole('button', { name: 'Lưu' }).click();
    await gone(page);
    const learn = page.locator('section[aria-labelledby=learn]').getByRole('button', { name: 'Thêm' });
    if (await learn.count()) {
      await learn.click();
      await dialog(page).locator('select[name=kind]').selectOption('rule_request');
      await dialog(page).locator('input[name=title]').fill('Quy tắc: DCSync từ máy không phải máy chủ miền');
      await dialog(page).getByRole('button', { name: 'Thêm' }).click();
      await gone(page);
    }
    await move(page, 'reviewed', '');
    await shot(page, 'reviewed');
    await ask('closed and reviewed', { incident });
    return {};
  },
  // 7. The shift ends: the note has made itself.
  async handover() {
    const page = await as('ha');
    await page.goto(state.url + '/handover');
    await page.getByLabel('Điều ca sau cần biết').fill('Theo dõi WORKSTATION6 thêm một ca.');
    await page.getByRole('button', { name: 'Giao ca', exact: true }).click();
    await page.waitForURL(/\/handovers\/\d+$/);
    await shot(page, 'handover');
    await axe(page, 'handover');
    return {};
  },
};

/* A move of the incident's state, by the dialog. */
async function move(page, to, reason) {
  await page.locator('.sub button.tag.on').click();
  await dialog(page).locator('select[name=to]').selectOption(to);
  if (reason) await dialog(page).locator('textarea[name=reason]').fill(reason);
  await dialog(page).locator('button.primary').click();
  await gone(page);
}

await play(steps, process.argv[3]?.split(','));
