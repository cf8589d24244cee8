// One unit of the storyline exercise, and its organisers, in a real browser on a real node: test/scenario/exercise_theshire.py has
// planned it and plays the other units by the API. A question with `until` is answered when the drill's clock shows so many minutes.
//   node tools/shire.mjs STATE.json     as stage.mjs; exercise, play, unit (code), hosts: {id: {name, address}}, accounts, names
import { as, ask, axe, blur, code, dialog, gone, play, shot, state } from './stage.mjs';

const { exercise, unit } = state;
const who = (role) => as(`${role}-${unit}`);
let incident = '';

async function until(minutes) {
  await ask(`until ${minutes}`, { until: minutes });
}
async function open(page, path) {
  await page.goto(state.url + path);
}
/* Whatever of the drill is in that state now: the boxes of all rows that are shown. */
async function choose(page) {
  await page.locator('tbody input[type=checkbox]').first().waitFor();
  const boxes = page.locator('tbody input[type=checkbox]:not(:checked)');
  let n = 0;
  while ((await boxes.count()) && n < 60) {
    await boxes.first().check();
    n++;
  }
  await blur(page);
  return n;
}
async function accept(page) {
  await open(page, '/alerts');
  const n = await choose(page);
  const done = page.waitForResponse((r) => /\/alerts\/(bulk|\d+\/accept)$/.test(new URL(r.url()).pathname));
  await page.keyboard.press('a');
  await done;
  return n;
}
async function move(page, to) {
  await page.locator('.sub button.tag.on').click();
  await dialog(page).locator('select[name=to]').selectOption(to);
  await dialog(page).locator('button.primary').click();
  await gone(page);
}

const steps = {
  // Everybody signs in before the clock begins.
  async begin() {
    for (const role of ['officer', 'lead', 'handler', 'approver', 'liaison']) await who(role);
    const org = await as('org', { lang: 'en', theme: 'light' });
    await open(org, `/exercises/${exercise}`);
    await org.getByRole('heading', { level: 1 }).waitFor();
    await shot(org, 'plan');
    await axe(org, 'plan');
    await org.getByRole('button', { name: 'Start', exact: true }).click();
    await org.waitForURL(/\/board$/);
    await ask('the clock runs');
    return {};
  },
  // The officer takes what arrives.
  async take() {
    await until(5);
    const page = await who('officer');
    const first = await accept(page);
    await shot(page, 'alerts-taken');
    await axe(page, 'alerts');
    await open(page, '/drill');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await shot(page, 'drill-quiet');
    await axe(page, 'drill');
    const org = await as('org');
    await org.locator('.cell').first().waitFor();
    await shot(org, 'board-early');
    await axe(org, 'board');
    await until(21);
    return { first, then: await accept(page) };
  },
  // The lead opens an incident of the kind it is, declares it, writes down whom it reached.
  async declare() {
    const page = await who('lead');
    await open(page, '/alerts?status=taken');
    const alerts = await choose(page);
    await page.keyboard.press('i');
    await dialog(page).getByLabel('Tên sự cố').fill('Đánh cắp thông tin đăng nhập trên hai máy trạm');
    await dialog(page).getByLabel('Loại').selectOption('access');
    await shot(page, 'open-incident');
    await dialog(page).getByRole('button', { name: 'Lập sự cố' }).click();
    await page.waitForURL(/\/incidents\/\d+$/);
    incident = new URL(page.url()).pathname.split('/').pop();
    await page.getByRole('button', { name: 'Sửa' }).first().waitFor();
    await page.locator('.sub button.tag.on').click();
    await dialog(page).locator('select[name=to]').selectOption('declared');
    await dialog(page).locator('select[name=lead]').selectOption({ label: state.names.lead });
    await dialog(page).locator('button.primary').click();
    await gone(page);
    for (const value of [state.hosts.ws5.name, state.hosts.ws6.name, ...state.accounts]) {
      await page.getByRole('heading', { name: 'Dấu hiệu' }).locator('..').getByRole('button').click();
      await dialog(page).locator('select[name=type]').selectOption(value.includes('WS') ? 'host' : 'account');
      await dialog(page).locator('input[name=value]').fill(value);
      await dialog(page).locator('select[name=role]').selectOption('victim');
      await dialog(page).locator('button.primary').click();
      await gone(page);
    }
    await page.getByRole('heading', { name: 'Đã biết' }).locator('..').getByRole('button').click();
    await dialog(page).locator('textarea[name=summary]').fill('Tài khoản người dùng chạy kịch bản lạ; sau đó hai máy trạm bị lấy mật khẩu lưu trong bộ nhớ.');
    await dialog(page).locator('textarea[name=scope]').fill('Hai máy trạm, hai tài khoản. Máy chủ miền: đã kiểm tra, chưa thấy dấu vết.');
    await shot(page, 'scope');
    await dialog(page).locator('button.primary').click();
    await gone(page);
    await move(page, 'containing');
    await shot(page, 'incident');
    await axe(page, 'incident');
    return { incident, alerts };
  },
  // The handler proposes, the approver decides with a code of their own.
  async contain() {
    const page = await who('handler');
    await open(page, `/incidents/${incident}`);
    await page.getByRole('button', { name: 'Đề nghị ngăn chặn…' }).click();
    await dialog(page).locator('textarea[name=targets]').fill(`${state.hosts.ws5.address}\n${state.hosts.ws6.address}`);
    await dialog(page).locator('textarea[name=reason]').fill('Hai máy trạm đang bị điều khiển từ xa');
    await dialog(page).getByRole('button', { name: 'Xem sẽ chạm tới gì' }).click();
    await dialog(page).locator('input[name=count]').fill('2');
    await shot(page, 'propose');
    await axe(page, 'propose');
    await dialog(page).getByRole('button', { name: 'Đề nghị ngăn chặn' }).click();
    await gone(page);
    const second = await who('approver');
    await open(second, '/');
    await second.getByRole('link', { name: /SC-|NC-|BC-|Xem/ }).first().waitFor();
    await shot(second, 'tonight-approver');
    await open(second, '/actions?state=proposed');
    await second.locator('tr.here').waitFor();
    await second.keyboard.press('Enter');
    await second.waitForURL(/\/actions\/\d+$/);
    await second.getByLabel('Mã 6 số').fill(await code(`approver-${unit}`));
    await second.getByRole('button', { name: 'Phê duyệt' }).click();
    await second.getByText('Đang có hiệu lực').first().waitFor();
    await shot(second, 'in-force');
    return {};
  },
  // The unit asks; the organisers, at their table, answer.
  async talk() {
    const page = await who('lead');
    await open(page, '/drill');
    await page.getByRole('button', { name: /câu hỏi/i }).click();
    await dialog(page).locator('textarea[name=text]').fill('Máy in PR01 có thuộc phạm vi diễn tập không?');
    await dialog(page).locator('button.primary').click();
    await gone(page);
    const org = await as('org');
    await org.getByRole('button', { name: 'Answer…' }).click();
    await dialog(org).locator('textarea[name=text]').fill('Yes, but it is nobody’s target.');
    await shot(org, 'board-request');
    await dialog(org).locator('button.primary').click();
    await gone(org);
    await page.getByText('nobody’s target').waitFor();
    await until(29);
    await accept(await who('officer'));
    await until(41);
    await page.getByRole('radio').first().waitFor();
    await shot(page, 'drill-inject');
    await axe(page, 'drill with an inject');
    await page.getByRole('radio').first().check();
    await page.getByRole('button', { name: 'Gửi trả lời' }).click();
    await page.locator('.answered').waitFor();
    await shot(page, 'drill-answered');
    return {};
  },
  // The first report: what is missing is filled in, two sign, the liaison hands it over.
  async report() {
    const writer = await who('handler');
    await open(writer, `/reports?incident=${incident}`);
    await writer.getByRole('heading', { name: 'Báo cáo' }).waitFor();
    await writer.getByRole('button', { name: /Lập báo cáo…/ }).click();
    await dialog(writer).locator('select[name=kind] option[value=initial]').waitFor({ state: 'attached' });
    await dialog(writer).locator('select[name=kind]').selectOption('initial');
    await dialog(writer).getByRole('button', { name: 'Lập báo cáo' }).click();
    await writer.waitForURL(/\/reports\/\d+$/);
    await writer.locator('section[aria-labelledby=rfields] input, section[aria-labelledby=rfields] textarea').first().waitFor();
    await shot(writer, 'report-missing');
    for (;;) {
      const missing = writer.locator('section[aria-labelledby=rmissing] button');
      const left = await missing.count();
      if (!left) break;
      await missing.first().click();
      const time = await writer.evaluate(() => /00:|\d\d:\d\d/.test(document.activeElement?.closest('.field')?.querySelector('.meta')?.textContent ?? ''));
      await writer.keyboard.type(time ? '01:00' : 'Đang kiểm tra; xem diễn biến của sự cố.');
      await writer.waitForFunction((n) => document.querySelectorAll('section[aria-labelledby=rmissing] button').length < n, left);
    }
    await writer.getByRole('button', { name: 'Trình ký' }).click();
    await writer.locator('.tag.on', { hasText: 'Chờ ký' }).waitFor();
    const path = new URL(writer.url()).pathname;
    for (const [signer, n] of [['lead', '1 / 2'], ['approver', '2 / 2']]) {
      const page = await who(signer);
      await open(page, path);
      await page.getByLabel('Mã 6 số').fill(await code(`${signer}-${unit}`));
      await page.getByRole('button', { name: 'Ký', exact: true }).click();
      await page.getByText(n).first().waitFor();
    }
    const liaison = await who('liaison');
    await open(liaison, path);
    await liaison.getByRole('button', { name: 'Ghi nhận đã nộp…' }).click();
    await dialog(liaison).getByLabel('Nộp cho ai').fill('Ban tổ chức diễn tập');
    await dialog(liaison).locator('textarea[name=proof]').fill('Nộp trong diễn tập');
    await dialog(liaison).getByRole('button', { name: 'Ghi nhận đã nộp' }).click();
    await gone(liaison);
    await liaison.getByText('Đã nộp').first().waitFor();
    await shot(liaison, 'report-sent');
    return {};
  },
  // The slow unit has done its work too: the organisers end it and show the points.
  async end() {
    await until(state.minutes);
    const org = await as('org');
    await shot(org, 'board-late');
    await org.getByRole('button', { name: 'End…' }).click();
    await dialog(org).getByRole('button', { name: 'End the exercise now' }).click();
    await gone(org);
    await org.getByRole('link', { name: 'Results' }).click();
    await org.waitForURL(/\/results$/);
    await org.getByRole('button', { name: /provisional/i }).click();
    await org.getByText('Provisional').first().waitFor();
    await org.locator('tbody tr').nth(2).waitFor();
    await shot(org, 'results');
    await axe(org, 'results');
    await ask('published');
    return {};
  },
  // The points, with why, as the organisers and the unit see them; both languages, both themes.
  async points() {
    const org = await as('org');
    const lead = await who('lead');
    for (const [page, name] of [[org, 'en'], [lead, 'vi']]) {
      await open(page, `/exercises/${exercise}/results/${state.play}`);
      await page.locator('section[aria-labelledby=lines] tbody tr').first().waitFor();
      await shot(page, `points-${name}`);
      await axe(page, 'points');
      await page.locator('section[aria-labelledby=pen]').scrollIntoViewIfNeeded();
      await page.locator('section[aria-labelledby=matrix]').scrollIntoViewIfNeeded();
      await shot(page, `points-${name}-matrix`);
    }
    await open(lead, `/exercises/${exercise}/results/${state.play}`);
    const why = lead.locator('section[aria-labelledby=lines] a.in').first();
    await why.click();
    await lead.waitForURL(/\/(alerts|incidents|actions|reports|drill)/);
    await lead.getByRole('heading', { level: 1 }).waitFor();
    await shot(lead, 'record-behind-a-point');
    return { record: new URL(lead.url()).pathname };
  },
};

await play(steps, process.argv[3]?.split(','));
