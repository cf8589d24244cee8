// The mock node's desk, live fire: one exercise (5) of two red teams; `state.side` says what the asker is in it.
import type { Declaration, Finding, FindingDetail, Match, RedAct, Standing, Team } from '../src/lib/types_live.ts';
import * as data from './mock_data.ts';
import { Bytes, type Does, type Shared } from './mock_desk.ts';

const HOUR = 3_600_000;
export interface LiveState {
  side: Declaration['side'];
}
export function liveDoes(m: Shared & { state: LiveState }): Does[] {
  let ids = 60;
  const rules: Omit<Declaration, 'side'> = {
    exercise: 5, objective: 'Whether the public portal withstands a team of four for three days.', objective_vi: 'Cổng dịch vụ công có chịu được một đội bốn người trong ba ngày không.', tools: 'Công cụ dò quét phổ thông, tối đa 50 yêu cầu một giây.', limits: 'Dừng khi đã chứng minh; không đọc quá 3 bản ghi.', forbidden: 'Từ chối dịch vụ, sửa hoặc giữ dữ liệu, nhắm vào con người.', from: data.iso(data.START - 24 * HOUR), to: data.iso(data.START + 48 * HOUR), sources: ['198.51.100.0/28', '203.0.113.9'], points: { low: 10, medium: 25, high: 50, critical: 100 },
    targets: [{ id: 1, system: 1, name: 'HIS khám chữa bệnh', unit: 2, unit_name: 'Sông Thương', addresses: ['10.64.3.0/24'], hosts: ['SRV-HIS-01'], consented: true }, { id: 2, system: 2, name: 'Cổng thông tin', unit: 2, unit_name: 'Sông Thương', addresses: ['10.64.8.10'], hosts: [], consented: false }],
    consents: [{ id: 1, system: 1, system_name: 'HIS khám chữa bệnh', addresses: ['10.64.3.0/24'], from: data.iso(data.START - 24 * HOUR), to: data.iso(data.START + 48 * HOUR), by_name: 'Phan Văn Tuấn', at: data.iso(data.START - 30 * HOUR), withdrawn: null, reason: null }], missing: [{ code: 'consent', en: 'The owner of “Cổng thông tin” has not consented.', vi: 'Chủ quản “Cổng thông tin” chưa đồng ý.' }], stopped: null, version: 3,
  };
  const teams: Team[] = [{ id: 1, name: 'Đội Sao La', people: 4, members: [{ id: 1, name: 'Nguyễn Thu Hà' }], mine: true, active: true, version: 1 }, { id: 2, name: 'Đội Cá Kiếm', people: 3, members: null, mine: false, active: true, version: 1 }];
  const impact = { resources: 1, data: 3, users: 2 };
  const row = (id: number, title: string, state: Finding['state'], more: Partial<FindingDetail> = {}): FindingDetail => ({
    id, code: `PH-${String(id).padStart(3, '0')}`, team: 1, team_name: 'Đội Sao La', title, target: 1, target_name: 'HIS khám chữa bệnh', unit: 2, unit_name: 'Sông Thương', severity: 'high', state, at: data.iso(data.START - 5 * HOUR), filed: state === 'draft' ? null : data.iso(data.START - 4 * HOUR), place: state === 'filed' || state === 'draft' ? null : 500_000, points: ['filed', 'draft', 'returned'].includes(state) ? null : 21_667, provisional: state !== 'signed', assisted: id === 3, mine: true, marks_n: state === 'judged' ? 2 : 0, marked: false, version: 1,
    component: 'Trang đăng nhập', weakness: 'CWE-89', entry: '/tra-cuu?ma=', impact, business: 'Lộ hồ sơ khám bệnh.', steps: '1. Mở trang tra cứu.\n2. Thêm dấu nháy vào mã.', proof: 'Ảnh chụp: 3 bản ghi.', remedy_short: 'Chặn ký tự lạ.', remedy_long: 'Dùng câu lệnh có tham số.', source: '198.51.100.4', account: null, technique: 'T1190', files: [{ id: 1, name: 'anh-chung-minh.png', bytes: 120_400, hash: 'ab12cd34'.repeat(8) }],
    verification: ['filed', 'draft', 'returned'].includes(state) ? null : { severity: 'high', impact, report: 1_000_000, text: 'Làm theo được cả hai bước.', by_name: 'Lê Minh Khôi', at: data.iso(data.START - 3 * HOUR) }, marks: state === 'judged' ? [{ severity: 'high', impact, mine: false, round: 1 }, { severity: 'medium', impact, mine: false, round: 1 }] : [], appeal: state === 'appealed' ? { text: 'Ảnh hưởng cả dữ liệu lưu trữ.', at: data.iso(data.START - HOUR), answer: null, upheld: null } : null, history: [{ at: data.iso(data.START - 5 * HOUR), what: 'begun', by_name: 'Nguyễn Thu Hà', text: null }, { at: data.iso(data.START - 4 * HOUR), what: 'filed', by_name: 'Nguyễn Thu Hà', text: null }], ...more,
  });
  let findings: FindingDetail[] = [row(1, 'Chèn lệnh SQL ở trang tra cứu', 'filed'), row(2, 'Mật khẩu mặc định trên máy in', 'returned', { severity: 'low' }), row(3, 'Tải tệp thực thi lên cổng', 'verified', { severity: 'critical' }), row(4, 'Lộ sao lưu trên máy chủ web', 'judged'), row(5, 'Tài khoản quản trị thử nghiệm', 'appealed', { severity: 'medium' }), row(6, 'Quyền sai trên thư mục chia sẻ', 'signed')];
  let acts: RedAct[] = [{ id: 1, team: 1, team_name: 'Đội Sao La', from: data.iso(data.START - 5 * HOUR), to: data.iso(data.START - 4 * HOUR), source: '198.51.100.4', target: 1, target_name: 'HIS khám chữa bệnh', account: null, technique: 'T1190', text: 'Thử tham số ma của trang tra cứu.', by_name: 'Nguyễn Thu Hà', at: data.iso(data.START - 4 * HOUR) }];
  const matches: Match[] = [{ activity: 1, finding: null, unit: 2, unit_name: 'Sông Thương', target: 1, target_name: 'HIS khám chữa bệnh', from: data.iso(data.START - 5 * HOUR), to: data.iso(data.START - 4 * HOUR), seen: [{ alert: 2, rule_title: 'SQL injection', at: data.iso(data.START - 4 * HOUR), evidence: 7, by: ['target', 'source', 'technique'] }], ambiguous: false, first_ms: 90_000, acknowledged_ms: 400_000, contained_ms: null }, { activity: null, finding: 3, unit: 2, unit_name: 'Sông Thương', target: 1, target_name: 'HIS khám chữa bệnh', from: data.iso(data.START - 3 * HOUR), to: null, seen: [], ambiguous: false, first_ms: null, acknowledged_ms: null, contained_ms: null }];
  const standing = (more: Partial<Standing> = {}): Standing => ({ id: 1, at: data.iso(data.START - HOUR), by_name: 'Lê Minh Khôi', final: false, teams: [{ team: 1, name: 'Đội Sao La', points: 86_667, findings: 5 }, { team: 2, name: 'Đội Cá Kiếm', points: 43_333, findings: 2 }], ...more });
  let published = [standing()];
  const shown = (f: FindingDetail): FindingDetail => (m.state.side === 'jury' && f.state !== 'signed' ? { ...f, team: null, team_name: null, mine: false, history: f.history.map((h) => ({ ...h, by_name: null })) } : m.state.side === 'organiser' ? { ...f, mine: false } : f);
  const declaration = (): Declaration => ({ ...rules, side: m.state.side });
  const one = (id: string) => m.find(findings, id);
  const change = (id: string, more: Partial<FindingDetail>) => {
    const f = Object.assign(one(id), more);
    f.version++;
    m.tell('finding', f.id);
    return shown(f);
  };
  return [
    ['GET', /^\/exercises\/(\d+)\/declaration$/, () => declaration()],
    ['PUT', /^\/exercises\/(\d+)\/declaration$/, ({ body }) => {
      if (!(body['targets'] as number[]).length) throw m.refuse(422, 'Một số ô cần sửa lại.', [{ field: 'targets', fault: 'Chưa có mục tiêu nào.', remedy: 'Chọn ít nhất một hệ thống.' }]);
      Object.assign(rules, { ...body, targets: rules.targets });
      return declaration();
    }],
    ['POST', /^\/exercises\/(\d+)\/consents$/, ({ body }) => {
      rules.targets = rules.targets.map((x) => (x.system === body['system'] ? { ...x, consented: true } : x));
      rules.missing = [];
      return declaration();
    }],
    ['POST', /^\/exercises\/(?:\d+)\/consents\/(\d+)\/withdraw$/, ({ id, body }) => {
      rules.consents = rules.consents.map((c) => (String(c.id) === id ? { ...c, withdrawn: m.iso(), reason: String(body['reason']) } : c));
      return declaration();
    }],
    ['GET', /^\/exercises\/(\d+)\/teams$/, () => ({ items: teams.map((x) => ({ ...x, mine: m.state.side === 'red' && x.mine })) })],
    ['POST', /^\/exercises\/(\d+)\/teams$/, ({ body }) => {
      teams.push({ id: ++ids, name: String(body['name']), people: (body['people'] as number[]).length, members: [], mine: false, active: true, version: 1 });
      return teams.at(-1);
    }],
    ['GET', /^\/exercises\/(\d+)\/activity$/, () => ({ items: acts })],
    ['POST', /^\/exercises\/(\d+)\/activity$/, ({ body }) => {
      if (!String(body['source']).startsWith('198.51.100.')) throw m.refuse(422, 'Một số ô cần sửa lại.', [{ field: 'source', fault: 'Không phải địa chỉ đã công bố.', remedy: 'Dùng một trong 198.51.100.0/28, 203.0.113.9.' }]);
      acts = [...acts, { ...acts[0]!, id: ++ids, text: String(body['text']), at: m.iso() }];
    }],
    ['GET', /^\/exercises\/(\d+)\/findings$/, () => ({ items: findings.map(shown) })],
    ['POST', /^\/exercises\/(\d+)\/findings$/, ({ body }) => {
      if (String(body['title'] ?? '').length < 3) throw m.refuse(422, 'Một số ô cần sửa lại.', [{ field: 'title', fault: 'Quá ngắn.', remedy: 'Viết một câu.' }]);
      const f = row(++ids, String(body['title']), 'draft', { files: [] });
      findings = [...findings, f];
      return f;
    }],
    ['GET', /^\/exercises\/(?:\d+)\/findings\/(\d+)$/, ({ id }) => shown(one(id))],
    ['PATCH', /^\/exercises\/(?:\d+)\/findings\/(\d+)$/, ({ id, body }) => change(id, { title: String(body['title']) })],
    ['GET', /^\/exercises\/(?:\d+)\/findings\/(\d+)\/files\/\d+$/, ({ id }) => new Bytes('x', `file-${id}.png`)],
    ['POST', /^\/exercises\/(?:\d+)\/findings\/(\d+)\/(\w+)$/, ({ id, sub, body, q }) => {
      const f = one(id);
      if (sub === 'files') return change(id, { files: [...f.files, { id: ++ids, name: q.get('name'), bytes: 2400, hash: '00ff'.repeat(16) }] });
      if (sub === 'file') return change(id, { state: 'filed', filed: m.iso() });
      if (sub === 'return') return change(id, { state: 'returned' });
      if (sub === 'verify') return change(id, { state: 'verified', points: 50_000, verification: { severity: body['severity'] as 'high', impact: { resources: Number(body['resources']), data: Number(body['data']), users: Number(body['users']) }, report: body['whole'] ? 1_000_000 : 0, text: String(body['text']), by_name: 'Nguyễn Thu Hà', at: m.iso() } });
      if (sub === 'mark') return change(id, { marked: true, marks_n: f.marks_n + 1, marks: [{ severity: body['severity'] as 'high', impact, mine: true, round: 1 }] });
      if (sub === 'void') return change(id, { state: 'void', points: 0 });
      if (sub === 'appeal') return change(id, { state: 'appealed', appeal: { text: String(body['text']), at: m.iso(), answer: null, upheld: null } });
      if (sub === 'answer') return change(id, { state: 'judged', appeal: { ...f.appeal!, answer: String(body['text']), upheld: !!body['upheld'] } });
      return change(id, { state: 'signed', provisional: false });
    }],
    ['GET', /^\/exercises\/(\d+)\/matches$/, () => ({ items: matches, real: 2, cut: false })],
    ['GET', /^\/exercises\/(\d+)\/standings$/, () => ({ published, now: m.state.side === 'organiser' ? standing({ at: m.iso() }) : null })],
    ['POST', /^\/exercises\/(\d+)\/standings$/, () => void (published = [standing({ id: ++ids, at: m.iso() }), ...published])],
    ['POST', /^\/exercises\/(\d+)\/standings\/final$/, () => void (published = [standing({ id: ++ids, at: m.iso(), final: true }), ...published])],
  ];
}
