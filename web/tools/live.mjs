// A live fire in a real browser on a real node, from the declaration to the signature, by each of its sides: test/scenario/live_fire.py has
// planned nothing but people, units and a system.
//   node tools/live.mjs STATE.json     as stage.mjs
import { as, ask, axe, code, dialog, gone, play, shot, state } from './stage.mjs';

let exercise = '';
let finding = '';
const red = () => as('red');
const org = () => as('org', { lang: 'en', theme: 'light' });
const open = (page, path) => page.goto(state.url + path);
const home = (what = '') => `/exercises/${exercise}${what}`;
/* The button of a dialog; a code of the second factor where the node wants one. */
async function press(page, login, name) {
  await dialog(page).last().getByRole('button', { name, exact: true }).click();
  const second = page.locator('dialog input[autocomplete=one-time-code], [role=dialog] input[autocomplete=one-time-code]');
  for (let i = 0; i < 100 && (await dialog(page).count()); i++) {
    if (await second.count()) {
      await second.fill(await code(login));
      await page.keyboard.press('Enter');
      await second.waitFor({ state: 'detached' });
    }
    await page.waitForTimeout(100);
  }
  await gone(page);
}
async function seen(page, name, what = name) {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await shot(page, name);
  await axe(page, what);
}
const fill = async (page, values) => {
  for (const [name, value] of Object.entries(values)) {
    const box = page.locator(`[name="${name}"]`);
    if ((await box.evaluate((e) => e.tagName)) === 'SELECT') await box.selectOption(value);
    else await box.fill(value);
  }
};

const steps = {
  // The organisers plan it and declare what may be attacked, how far, from where.
  async declare() {
    const page = await org();
    await open(page, '/exercises/new?kind=live');
    await page.locator('select[name=kind]').selectOption('live');
    await page.locator('input[name=title]').fill('Thực chiến bảo vệ cổng dịch vụ công 2026');
    await seen(page, 'plan-new');
    await page.locator('form button.primary').click();
    await page.waitForURL(/\/exercises\/\d+$/);
    exercise = new URL(page.url()).pathname.split('/').pop();
    await page.getByRole('button', { name: 'Invite units…' }).click();
    await dialog(page).getByRole('checkbox').first().waitFor();
    await dialog(page).getByRole('checkbox', { name: state.unit }).check();
    await dialog(page).locator('button.primary').click();
    await gone(page);
    await page.getByRole('link', { name: 'Declaration' }).click();
    await page.getByRole('button', { name: 'Edit' }).click();
    await fill(page, {
      objective_vi: 'Tìm điểm yếu của cổng dịch vụ công trước kỳ thi; không làm gián đoạn.', objective: 'Find weaknesses of the portal before the exam; nothing is interrupted.',
      tools: 'Công cụ của đội tấn công, không dùng mã phá hoại.', limits: 'Dừng khi đủ chứng minh: đọc tối đa 5 bản ghi, không sửa.', forbidden: 'Từ chối dịch vụ; sửa, xoá, giữ dữ liệu; lừa đảo con người.',
      from: state.from, to: state.to, sources: '203.0.113.10\n203.0.113.11',
    });
    await page.getByRole('checkbox', { name: /Cổng dịch vụ công/ }).check();
    await seen(page, 'declaration-edit');
    await page.getByRole('button', { name: 'Declare' }).click();
    await page.getByRole('heading', { name: 'Still missing' }).waitFor();
    await seen(page, 'declaration-missing');
    return { exercise };
  },
  // The system's owner consents, with a code of their own.
  async consent() {
    const page = await as('owner-a');
    await open(page, home('/declaration'));
    await page.getByRole('button', { name: 'Đồng ý…' }).click();
    await shot(page, 'consent-ask');
    await axe(page, 'consent');
    await press(page, 'owner-a', 'Đồng ý');
    await page.getByText('✓').first().waitFor();
    await seen(page, 'consented');
    return {};
  },
  async teams() {
    const page = await org();
    await open(page, home('/declaration'));
    for (const [name, who] of [['Đội Sao La', 'Bùi Văn Sơn'], ['Đội Voọc', 'Ngô Thị Lan']]) {
      await page.getByRole('button', { name: 'Add…' }).click();
      await dialog(page).locator('input[name=name]').fill(name);
      await dialog(page).getByRole('checkbox', { name: who }).check();
      await dialog(page).locator('button.primary').click();
      await gone(page);
      await page.getByText(name).first().waitFor();
    }
    await seen(page, 'declaration-ready');
    await open(page, home());
    await page.getByRole('button', { name: 'Send the invitations' }).click();
    await page.getByRole('button', { name: 'Send the invitations' }).waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'Go or no-go' }).waitFor();
    for (let i = 0; i < 8; i++) {
      const next = page.getByRole('button', { name: 'Confirm…' });
      const left = await next.count();
      if (!left) break;
      await next.first().click();
      await dialog(page).locator('textarea[name=why]').fill('Đã kiểm tra cùng đơn vị');
      await dialog(page).locator('button.primary').click();
      await gone(page);
      await page.waitForFunction((n) => [...document.querySelectorAll('button')].filter((b) => b.textContent?.trim() === 'Confirm…').length < n, left);
    }
    await seen(page, 'go-list');
    await page.getByRole('button', { name: 'Decide: go' }).click();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.waitForURL(/\/board$/);
    await shot(page, 'board');
    await axe(page, 'board');
    return {};
  },
  // The red team writes down what it did, and what it found.
  async attack() {
    const page = await red();
    await open(page, home('/declaration'));
    await seen(page, 'declaration-red');
    await open(page, home('/findings'));
    await page.getByRole('button', { name: 'Ghi nhật ký…' }).click();
    await dialog(page).locator('[name=technique]').fill('T1190');
    await dialog(page).locator('textarea[name=text]').fill('Thử tham số tìm kiếm của cổng; máy chủ trả lỗi của cơ sở dữ liệu');
    await shot(page, 'red-log-ask');
    await dialog(page).locator('button.primary').click();
    await gone(page);
    await page.getByRole('link', { name: 'Nhật ký tấn công' }).click();
    await page.getByText('T1190').first().waitFor();
    await seen(page, 'red-log');
    await open(page, home('/findings/new'));
    await page.locator('input[name=title]').waitFor();
    await fill(page, {
      title: 'Chèn câu lệnh SQL ở ô tra cứu hồ sơ', component: 'Cổng dịch vụ công, trang tra cứu', weakness: 'CWE-89', entry: '/tra-cuu?ma=', severity: 'high', resources: '1', data: '3', users: '2',
      steps: '1. Mở trang tra cứu.\n2. Nhập dấu nháy vào mã hồ sơ.\n3. Máy chủ trả lỗi; thêm điều kiện thì thấy hồ sơ của người khác.', proof: 'Ảnh chụp 3 bản ghi đã che tên.', business: 'Hồ sơ của công dân bị lộ.',
      source: '203.0.113.10', technique: 'T1190', remedy_short: 'Chặn ký tự lạ ở tường lửa ứng dụng.', remedy_long: 'Dùng tham số hoá câu lệnh; kiểm tra mã nguồn.',
    });
    await seen(page, 'finding-edit');
    await page.getByRole('button', { name: 'Lưu' }).click();
    await page.waitForURL(/\/findings\/\d+$/);
    finding = new URL(page.url()).pathname.split('/').pop();
    await page.locator('input[type=file]').setInputFiles({ name: 'bằng chứng.txt', mimeType: 'text/plain', buffer: Buffer.from('ba bản ghi, đã che\n'.repeat(50)) });
    await page.getByText('bằng chứng.txt').waitFor();
    await seen(page, 'finding-draft');
    await page.getByRole('button', { name: 'Nộp…' }).click();
    await press(page, 'red', 'Nộp');
    await page.locator('.tag.on', { hasText: 'đã nộp' }).waitFor();
    // The other team finds nothing of it, the blue side neither.
    for (const login of ['red2', 'officer-a']) {
      const other = await as(login);
      await open(other, home(`/findings/${finding}`));
      await other.getByRole('heading', { level: 1 }).waitFor();
      if (await other.getByText('Chèn câu lệnh').count()) throw new Error(`${login} reads another team's finding`);
      await shot(other, `finding-for-${login}`);
    }
    return { finding };
  },
  async verify() {
    const page = await org();
    await open(page, home('/findings'));
    await page.getByText('Chèn câu lệnh').waitFor();
    await seen(page, 'findings-organiser');
    await open(page, home(`/findings/${finding}`));
    await page.getByRole('button', { name: 'Verify…' }).click();
    await dialog(page).locator('[name=whole]').check();
    await dialog(page).locator('textarea[name=text]').fill('Các bước lặp lại được trên bản sao.');
    await shot(page, 'verify-ask');
    await dialog(page).locator('button.primary').click();
    await gone(page);
    await page.locator('.tag.on', { hasText: 'verified' }).waitFor();
    await open(page, home('/findings'));
    await page.getByRole('button', { name: 'Publish provisional standings' }).click();
    await page.getByText(/published/).first().waitFor();
    await seen(page, 'standings-provisional');
    await page.getByRole('link', { name: 'Who saw what' }).click();
    await seen(page, 'matches');
    return {};
  },
  // Two jurors, blind.
  async judge() {
    for (const [login, severity, data] of [['jury1', 'high', '3'], ['jury2', 'high', '2']]) {
      const page = await as(login, login === 'jury2' ? { lang: 'en', theme: 'light' } : {});
      await open(page, home(`/findings/${finding}`));
      await page.getByRole('heading', { level: 1 }).waitFor();
      if (await page.getByText('Sao La').count()) throw new Error('a juror reads the team');
      await page.getByRole('button', { name: /^(Chấm|Mark)…$/ }).click();
      await fill(page, { severity, resources: '1', data, users: '2' });
      await shot(page, `mark-${login}`);
      await dialog(page).locator('button.primary').click();
      await gone(page);
      await seen(page, `marked-${login}`);
    }
    const page = await red();
    await open(page, home(`/findings/${finding}`));
    await page.getByRole('button', { name: 'Khiếu nại…' }).click();
    await dialog(page).locator('textarea[name=text]').fill('Dữ liệu của mọi công dân đọc được: mức 3.');
    await dialog(page).locator('button.primary').click();
    await gone(page);
    await seen(page, 'appealed');
    const juror = await as('jury1');
    await open(juror, home(`/findings/${finding}`));
    await juror.getByRole('button', { name: 'Ra quyết định…' }).click();
    await dialog(juror).locator('textarea[name=text]').fill('Bằng chứng chỉ cho ba bản ghi.');
    await dialog(juror).locator('button.primary').click();
    await gone(juror);
    await juror.getByRole('button', { name: 'Ký…' }).click();
    await press(juror, 'jury1', 'Ký');
    await juror.locator('.tag.on', { hasText: 'đã ký' }).waitFor();
    await seen(juror, 'signed');
    await open(juror, home('/findings'));
    await juror.getByRole('button', { name: 'Công bố chính thức…' }).click();
    await press(juror, 'jury1', 'Công bố chính thức');
    await seen(juror, 'standings-final');
    await ask('signed', { exercise, finding });
    return {};
  },
  // A month later its words are gone, its numbers stand.
  async gone() {
    const page = await red();
    await open(page, home(`/findings/${finding}`));
    await page.getByRole('heading', { level: 1 }).waitFor();
    if (await page.getByText('Chèn câu lệnh').count()) throw new Error('its words are still there');
    await seen(page, 'forgotten');
    return {};
  },
};

await play(steps, process.argv[3]?.split(','));
