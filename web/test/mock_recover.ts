// The mock node's desk, third part: evidence, recovery, improvements, figures.
import type { Figures, Measure } from '../src/lib/types_nights.ts';
import type { Copy, Drill, Eradication, Evidence, EvidenceExport, Improvement, Repository, Return, SystemRecovery } from '../src/lib/types_recover.ts';
import * as data from './mock_data.ts';
import { Bytes, type Does, type Shared } from './mock_desk.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const FAULTS = 'Một số ô cần sửa lại.';
const HASH = '9f2c41aed07b5e18'.repeat(4);
const WRONG = { field: 'code', fault: 'Mã không đúng hoặc đã dùng.', remedy: 'Đợi mã kế tiếp rồi nhập lại.' };

export function recoverDoes(m: Shared): Does[] {
  const piece = (id: number, name: string, note: string, size: number | null): Evidence => ({
    id, code: `SC-2026-0147/E${id}`, incident: 147, incident_code: 'SC-2026-0147', unit: 3, kind: size === null ? 'range' : 'file', name, size, hash: size === null ? null : HASH, note, origin: 'SRV-HIS-02', taken: data.iso(data.START - HOUR), added: data.iso(data.START - id * 840_000), added_by_name: 'Trần Quốc Bảo', first_seq: size === null ? 88_140_000 : null, last_seq: size === null ? 88_140_213 : null, query: null, hold: size === null ? 'sc-0147-e2' : null, hold_state: size === null ? 'held' : 'none', custody_n: 3, custody_head: HASH, sealed: id === 1, version: 1,
  });
  const evidence = [piece(1, 'SRV-HIS-02.mem', 'Ảnh bộ nhớ lúc phát hiện', 17_179_869_184), piece(2, 'Sự kiện quanh 00:41', 'Chuỗi sự kiện mã hoá', null), piece(3, 'khoa.exe', 'Mẫu mã độc, đã nén', 418_304)];
  const custody = () => [
    { n: 1, at: data.iso(data.START - HOUR), by: 2, by_name: 'Trần Quốc Bảo', what: 'taken' as const, to: null, reason: 'Ảnh bộ nhớ lúc phát hiện', from: 'SRV-HIS-02', hash: HASH },
    { n: 2, at: data.iso(data.START - HOUR / 2), by: 3, by_name: 'Lê Minh Khôi', what: 'viewed' as const, to: null, reason: 'Phân tích tiến trình', from: null, hash: HASH },
    { n: 3, at: data.iso(data.START - HOUR / 3), by: 2, by_name: 'Trần Quốc Bảo', what: 'handed_over' as const, to: 'Cơ quan điều tra, biên bản 12/BB', reason: 'Yêu cầu số 31', from: null, hash: HASH },
  ];
  const exports: EvidenceExport[] = [{ id: 1, incident: 147, incident_code: 'SC-2026-0147', unit: 3, reason: 'Cơ quan điều tra, công văn 31/CV ngày 18/11', state: 'proposed', proposed: data.iso(data.START - 240_000), proposer: 2, proposer_name: 'Trần Quốc Bảo', lapses: data.iso(data.START + 660_000), decided: null, approver_name: null, note: null, items: 3, bytes: 17_180_287_488, hash: null, mine: false }];
  const copies: Copy[] = [
    { id: 1, system: 1, name: 'Kho restic tại chỗ', medium: 'disk', site: 'Phòng máy A', off_site: false, offline: false, repository: 'his-restic', note: null, verified: data.iso(data.START - 6 * DAY), stated_by_name: 'Đặng Văn Lợi', stated: data.iso(data.START - 40 * DAY) },
    { id: 2, system: 1, name: 'Băng hằng tuần', medium: 'tape', site: 'Kho Phú Vân', off_site: true, offline: true, repository: null, note: null, verified: null, stated_by_name: 'Đặng Văn Lợi', stated: data.iso(data.START - 40 * DAY) },
  ];
  const drill = (id: number, good: boolean | null, ago: number): Drill => ({
    id, repository: 'his-restic', kind: 'restic', system: 1, system_name: 'HIS khám chữa bệnh', state: good === null ? 'running' : 'done', whole: id === 2, asked: data.iso(data.START - ago - 60_000), asked_by_name: id === 1 ? null : 'Đặng Văn Lợi', begun: data.iso(data.START - ago), ended: good === null ? null : data.iso(data.START - ago + 412_000), attempt: 1, good, snapshot: good === null ? null : '4be1c7d0', snapshot_at: good === null ? null : data.iso(data.START - ago - 2.5 * HOUR), age_s: good === null ? null : 9000, rpo_s: 3600, rpo_ok: good === null ? null : false, seconds: good === null ? null : 412.4, rto_s: 28_800, rto_ok: good === null ? null : true, estimate_s: good === null || id === 2 ? null : 12_400, files: good === null ? null : 18_204, bytes: good === null ? null : 9_214_992_384, files_checked: good === null ? null : 18_204, expected: 3, all_files: 18_204, all_bytes: 9_214_992_384,
    faults: good === false ? [{ code: 'rpo', en: 'The newest backup is older than the RPO.', vi: 'Bản sao lưu mới nhất cũ hơn RPO.', detail: '2 h 30 min > 1 h' }] : [], proof: good === null ? null : HASH, log: good === null ? null : 'restoring <Snapshot 4be1c7d0>\nSummary: Restored 18204 files',
  });
  const drills = [drill(3, null, 90_000), drill(2, true, 6 * DAY), drill(1, false, 13 * DAY)];
  const repositories: Repository[] = [{ name: 'his-restic', kind: 'restic', system: 1, system_name: 'HIS khám chữa bệnh', every_days: 7, next: data.iso(data.START + DAY), running: 3, last: { drill: 2, state: 'done', at: data.iso(data.START - 6 * DAY), good: true }, configured: true }, { name: 'mail-borg', kind: 'borg', system: 5, system_name: 'Thư điện tử', every_days: null, next: null, running: null, last: null, configured: true }];
  let planVersion = 2;
  let steps = [
    { n: 1, name: 'mang', title: 'Cô lập mạng khôi phục', detail: 'VLAN 640, không ra Internet', who: 'Ngô Thanh Sơn', minutes: 20, after: [] as string[], wave: 1 }, { n: 2, name: 'may', title: 'Dựng máy chủ sạch', detail: null, who: 'Đặng Văn Lợi', minutes: 60, after: [] as string[], wave: 1 },
    { n: 3, name: 'csdl', title: 'Khôi phục cơ sở dữ liệu', detail: 'Bản trước 22:10', who: 'Đặng Văn Lợi', minutes: 180, after: ['mang', 'may'], wave: 2 }, { n: 4, name: 'kiem', title: 'Kiểm tra cùng Khoa Khám bệnh', detail: null, who: 'Vũ Hoàng Yến', minutes: 60, after: ['csdl'], wave: 3 },
  ];
  const recovery = (): SystemRecovery => ({
    system: 1, system_name: 'HIS khám chữa bệnh', rto_s: 28_800, rpo_s: 3600, plan: { version: planVersion, made: data.iso(data.START - 30 * DAY), by_name: 'Đặng Văn Lợi', note: 'Sau đợt diễn tập tháng 10', minutes: 300, steps }, versions: [{ version: 2, made: data.iso(data.START - 30 * DAY), by_name: 'Đặng Văn Lợi', note: 'Sau đợt diễn tập tháng 10' }, { version: 1, made: data.iso(data.START - 200 * DAY), by_name: 'Đặng Văn Lợi', note: 'Bản đầu' }],
    rule321: { copies: 3, media: 2, off_site: 1, offline: 1, verified: 1, copies_ok: true, media_ok: true, off_site_ok: true, offline_ok: true, verified_ok: false, faults: [{ code: 'unverified', en: 'Băng hằng tuần was never proved by a drill.', vi: 'Băng hằng tuần chưa từng được thử khôi phục.' }] }, copies, repositories: repositories.slice(0, 1), drills: drills.slice(1),
  });
  const erad: Eradication = { items: [], open: 0, done: 0 };
  const count = () => Object.assign(erad, { open: erad.items.filter((i) => i.state === 'open').length, done: erad.items.filter((i) => i.state === 'done').length });
  const returns: Return[] = [{ id: 1, system: 1, system_name: 'HIS khám chữa bệnh', state: 'watching', returned: data.iso(data.START - HOUR), until: data.iso(data.START + 3 * DAY), checks: 'Đăng nhập quản trị, tệp .khoa', note: null, alerts_since: 0, ended: null, by_name: 'Lê Minh Khôi', version: 1 }];
  const improvements: Improvement[] = [
    { id: 1, incident: 139, incident_code: 'SC-2026-0139', unit: 8, kind: 'rule_request', title: 'Quy tắc: tệp chỉ mục đổi ngoài giờ', detail: null, owner: 2, owner_name: 'Trần Quốc Bảo', due: data.iso(data.START - 2 * DAY), overdue: true, state: 'doing', note: null, created: data.iso(data.START - 9 * DAY), created_by_name: 'Lê Minh Khôi', done_at: null, version: 1 },
    { id: 2, incident: 139, incident_code: 'SC-2026-0139', unit: 8, kind: 'task', title: 'Bật xác thực hai bước cho quản trị trang tin', detail: null, owner: 12, owner_name: 'Lý Thu Trang', due: data.iso(data.START + 20 * DAY), overdue: false, state: 'open', note: null, created: data.iso(data.START - 9 * DAY), created_by_name: 'Lê Minh Khôi', done_at: null, version: 1 },
  ];
  const measure = (n: number, median_s: number): Measure => ({ n, median_s, p90_s: median_s * 3.2 });
  const figures = (by: string): Figures => ({
    by, since: data.iso(data.START - 365 * DAY), until: m.iso(), hidden: 2,
    items: [['3', 'Sông Thương General Hospital', 'BV Đa khoa Sông Thương', 9], ['6', 'Hải Âu Port Authority', 'Cảng vụ Hải Âu', 7], ['9', 'Administration', 'Văn phòng Sở', 6]].map(([key, name, name_vi, incidents], i) => ({ key: String(key), name: String(name), name_vi: String(name_vi), incidents: Number(incidents), detect: measure(9, 5400 + i * 2000), acknowledge: measure(9, 480 + i * 200), contain: measure(8, 9000 + i * 4000), recover: i === 2 ? null : measure(7, 86_400 + i * 30_000), report: measure(6, 61_000) })),
    all: { key: 'all', name: 'All', name_vi: 'Tất cả', incidents: 31, detect: measure(31, 6100), acknowledge: measure(31, 560), contain: measure(28, 11_000), recover: measure(22, 97_000), report: measure(20, 64_000) },
  });
  return [
    ['GET', /^\/evidence\/exports$/, ({ q }) => m.list(exports, q)],
    ['GET', /^\/evidence\/exports\/(\d+)$/, ({ id }) => m.find(exports, id)],
    ['POST', /^\/evidence\/exports$/, ({ body }) => {
      const x: EvidenceExport = { ...exports[0]!, id: 10 + exports.length, reason: String(body['reason']), state: 'proposed', proposer: 1, proposer_name: 'Nguyễn Thu Hà', mine: true };
      exports.unshift(x);
      return x;
    }],
    ['POST', /^\/evidence\/exports\/(\d+)\/(approve|refuse|withdraw)$/, ({ id, sub, body }) => {
      const x = m.find(exports, id);
      if (sub === 'approve' && body['code'] !== '123456') throw m.refuse(422, 'Mã không đúng.', [WRONG]);
      return Object.assign(x, { state: sub === 'approve' ? 'signed' : sub === 'refuse' ? 'refused' : 'withdrawn', decided: m.iso(), approver_name: 'Nguyễn Thu Hà', hash: sub === 'approve' ? HASH : null });
    }],
    ['GET', /^\/evidence\/exports\/(\d+)\/file$/, () => new Bytes('tar', 'SC-2026-0147.tar')],
    ['GET', /^\/evidence$/, ({ q }) => m.list(evidence, q)],
    ['GET', /^\/evidence\/(\d+)$/, ({ id }) => ({ ...m.find(evidence, id), custody: custody() })],
    ['GET', /^\/evidence\/(\d+)\/content$/, ({ id, q }) => {
      if (!q.get('reason')) throw m.refuse(422, FAULTS, [{ field: 'reason', fault: 'Cần lý do.', remedy: 'Viết vì sao xem.' }]);
      return new Bytes('MZ', m.find(evidence, id).name);
    }],
    ['POST', /^\/evidence\/(\d+)\/hand_over$/, ({ id }) => m.find(evidence, id)],
    ['POST', /^\/incidents\/(\d+)\/evidence$/, ({ q, text }) => {
      if (evidence.some((e) => e.name === q.get('name'))) throw m.refuse(409, 'Tệp này đã có trong sự cố.', undefined, 'evidence_twice');
      const e = { ...piece(evidence.length + 1, String(q.get('name')), String(q.get('note')), text.length), origin: q.get('origin') };
      evidence.unshift(e);
      m.tell('evidence', e.id);
      return e;
    }],
    ['POST', /^\/incidents\/(\d+)\/evidence\/ranges$/, ({ body }) => {
      const e = piece(evidence.length + 1, String(body['name']), String(body['note']), null);
      evidence.unshift(e);
      return e;
    }],
    ['GET', /^\/incidents\/(\d+)\/eradication$/, () => count()],
    ['POST', /^\/incidents\/(\d+)\/eradication$/, ({ body }) => {
      for (const [title, title_vi] of body['title'] ? [[String(body['title']), null]] : [['Accounts that were used are closed or changed', 'Tài khoản bị lợi dụng đã khoá hoặc đổi'], ['What starts by itself was removed', 'Đã gỡ thành phần tự khởi động'], ['The hole they came in by is closed', 'Đã bịt lỗ hổng ban đầu']]) erad.items.push({ id: erad.items.length + 1, n: erad.items.length + 1, title: title!, title_vi: title_vi ?? null, state: 'open', note: null, at: null, by_name: null, version: 1 });
      return count();
    }],
    ['PATCH', /^\/incidents\/(\d+)\/eradication\/(\d+)$/, ({ sub, body }) => {
      Object.assign(m.find(erad.items, sub), { state: body['state'], at: m.iso(), by_name: 'Nguyễn Thu Hà' });
      return count();
    }],
    ['GET', /^\/incidents\/(\d+)\/returns$/, ({ id, q }) => m.list(id === '147' ? returns : [], q)],
    ['POST', /^\/incidents\/(\d+)\/returns$/, ({ body }) => {
      returns.push({ ...returns[0]!, id: returns.length + 1, checks: String(body['checks']) });
      return returns.at(-1);
    }],
    ['POST', /^\/incidents\/(\d+)\/returns\/(\d+)\/end$/, ({ sub, body }) => Object.assign(m.find(returns, sub), { state: body['state'], ended: m.iso() })],
    ['GET', /^\/recovery\/repositories$/, () => ({ items: repositories })],
    ['GET', /^\/recovery\/drills$/, ({ q }) => m.list(drills, q)],
    ['GET', /^\/recovery\/drills\/(\d+)$/, ({ id }) => m.find(drills, id)],
    ['GET', /^\/recovery\/drills\/(\d+)\/proof$/, () => new Bytes('{}', 'proof.json')],
    ['POST', /^\/recovery\/drills$/, ({ body }) => {
      if (repositories.find((r) => r.name === body['repository'])?.running) throw m.refuse(409, 'Đang chạy một lần thử của kho này.', undefined, 'running');
      const d = { ...drill(drills.length + 1, null, 0), repository: String(body['repository']), whole: !!body['whole'], state: 'queued' as const };
      drills.unshift(d);
      return d;
    }],
    ['GET', /^\/systems\/(\d+)\/recovery$/, () => recovery()],
    ['PUT', /^\/systems\/(\d+)\/recovery\/plan$/, ({ body }) => {
      const given = body['steps'] as typeof steps;
      if (given.some((s) => s.after.includes(s.name))) throw m.refuse(422, FAULTS, [{ field: 'steps', fault: 'Vòng lặp: csdl → csdl.', remedy: 'Bỏ một trong các phụ thuộc.' }]);
      const bad = given.findIndex((s) => !s.title.trim());
      if (bad >= 0) throw m.refuse(422, FAULTS, [{ field: `steps[${bad}].title`, fault: 'Cần điền.', remedy: 'Viết việc phải làm.' }]);
      steps = given.map((s, i) => ({ ...s, n: i + 1, detail: s.detail ?? null, who: s.who ?? '', wave: s.after.length ? 2 : 1 }));
      planVersion++;
      return recovery();
    }],
    ['POST', /^\/systems\/(\d+)\/copies$/, ({ body }) => {
      const c = { ...copies[0]!, ...body, id: copies.length + 1, verified: null } as Copy;
      copies.push(c);
      return c;
    }],
    ['PATCH', /^\/recovery\/copies\/(\d+)$/, ({ id, body }) => Object.assign(m.find(copies, id), body)],
    ['DELETE', /^\/recovery\/copies\/(\d+)$/, ({ id }) => void copies.splice(copies.indexOf(m.find(copies, id)), 1)],
    ['GET', /^\/improvements\/summary$/, () => ({ open: 2, overdue: 1, rule_requests: 1, next_due: improvements[0]!.due })],
    ['GET', /^\/improvements$/, ({ q }) => m.list(improvements, q)],
    ['POST', /^\/incidents\/(\d+)\/improvements$/, ({ id, body }) => {
      const x = { ...improvements[1]!, ...body, id: improvements.length + 1, incident: Number(id), state: 'open', overdue: false } as Improvement;
      improvements.push(x);
      return x;
    }],
    ['PATCH', /^\/improvements\/(\d+)$/, ({ id, body }) => Object.assign(m.find(improvements, id), body)],
    ['GET', /^\/figures$/, ({ q }) => figures(q.get('by') ?? 'unit')],
  ];
}
