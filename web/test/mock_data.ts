// A night at an agency that does not exist: what the mock node serves. It begins at 03:12:07 on 18 November 2026
// (GMT+7). Names of people, units and systems are placeholders; addresses are those reserved for documentation.
import type { RawAction } from '../src/lib/action.ts';
import type { Alert, AlertDetail, AuditRow, Clock, Decision, IncidentDetail, Observable, Person, Question, Report, Severity, Source, System, Task, TimelineEntry, Unit } from '../src/lib/types.ts';

export const START = Date.parse('2026-11-17T20:12:07.000Z');
const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
export const iso = (ms: number) => new Date(ms).toISOString();
const before = (ms: number) => iso(START - ms);
const after = (ms: number) => iso(START + ms);
/* '02:29' of the night itself, or of the day before with a minus. */
const at = (hhmm: string, days = 0) => {
  const [h, m, s] = hhmm.split(':').map(Number);
  return iso(Date.parse('2026-11-17T17:00:00Z') + days * DAY + h! * HOUR + m! * MIN + (s ?? 0) * 1000);
};

export const units: Unit[] = [
  [1, 'Whole agency', 'Toàn ngành', 'TN', null, 0, 'headquarters', 6],
  [2, 'Monitoring centre', 'Trung tâm Giám sát', 'TTGS', 1, 1, 'department', 0],
  [3, 'Sông Thương General Hospital', 'BV Đa khoa Sông Thương', 'BVST', 1, 1, 'site', 2],
  [4, 'Emergency department', 'Khoa Cấp cứu', 'BVST-CC', 3, 2, 'site', 0],
  [5, 'Medical records', 'Phòng Hồ sơ bệnh án', 'BVST-HS', 3, 2, 'site', 0],
  [6, 'Hải Âu Port Authority', 'Cảng vụ Hải Âu', 'CVHA', 1, 1, 'site', 0],
  [7, 'Public services office', 'Văn phòng Dịch vụ công', 'VPDVC', 1, 1, 'department', 0],
  [8, 'Phú Vân branch', 'Chi nhánh Phú Vân', 'CNPV', 1, 1, 'site', 0],
  [9, 'Administration', 'Văn phòng Sở', 'VPS', 1, 1, 'department', 0],
].map(([id, name, name_vi, code, parent, depth, kind, children]) => ({
  id, name, name_vi, code, parent, depth, kind, children, path_names: null, contacts: null,
})) as Unit[];

let grants = 0;
const role = (r: string, unit: number) => ({ id: ++grants, role: r, unit, unit_name: units.find((u) => u.id === unit)!.name_vi! });
const person = (id: number, login: string, name: string, title: string, phone: string, unit: number, roles: [string, number][], seen: number, second = true): Person => ({
  id, login, name, title, phone, email: `${login}@coquan.example`, unit, unit_name: units.find((u) => u.id === unit)!.name_vi, roles: roles.map(([r, u]) => role(r, u)), active: true, created: before(400 * DAY), last_seen: seen < 0 ? null : before(seen), second_factor: second, locked_until: null, version: 1,
});
export const people: Person[] = [
  person(1, 'ha.nt', 'Nguyễn Thu Hà', 'Chuyên viên giám sát', '4101', 2, [['officer', 1], ['approver', 3]], 0),
  person(2, 'bao.tq', 'Trần Quốc Bảo', 'Kỹ sư ứng cứu', '4102', 2, [['handler', 1]], MIN),
  person(3, 'khoi.lm', 'Lê Minh Khôi', 'Trưởng nhóm ứng cứu', '4107', 2, [['lead', 1]], 4 * MIN),
  person(4, 'anh.pd', 'Phạm Đức Anh', 'Phó giám đốc trung tâm', '4111', 2, [['approver', 1]], 9 * HOUR),
  person(5, 'yen.vh', 'Vũ Hoàng Yến', 'Trưởng phòng CNTT', '0912 000 418', 3, [['owner', 3]], 21 * MIN),
  person(6, 'loi.dv', 'Đặng Văn Lợi', 'Quản trị hệ thống', '0912 000 377', 3, [['handler', 3]], 40 * MIN),
  person(7, 'mai.ht', 'Hoàng Thị Mai', 'Thanh tra độc lập', '4130', 1, [['inspector', 1]], 3 * DAY),
  person(8, 'tuan.pv', 'Phan Văn Tuấn', 'Đầu mối báo cáo', '4121', 9, [['liaison', 1]], 2 * DAY),
  person(9, 'linh.bn', 'Bùi Ngọc Linh', 'Học viên', '4155', 2, [['trainee', 2]], 6 * DAY, false),
  person(10, 'quan.dh', 'Đỗ Hồng Quân', 'Quản trị viên', '4100', 1, [['admin', 1]], 2 * HOUR),
  person(11, 'son.nt', 'Ngô Thanh Sơn', 'Quản trị mạng', '0912 000 205', 6, [['handler', 6]], 5 * HOUR),
  person(12, 'trang.lt', 'Lý Thu Trang', 'Chuyên viên', '4163', 7, [['owner', 7]], -1, false),
];
people[11]!.locked_until = after(12 * MIN);

const sys = (id: number, name: string, code: string, unit: number, level: number, purpose: string, rto: number, rpo: number, data: string[], hosts: string[], addresses: string[], sources: string[]): System => ({
  id, name, code, unit, unit_name: units.find((u) => u.id === unit)!.name_vi!, level, level_approved: level > 1, level_decision: `QĐ ${120 + id}/2026`, owner: 'Sở chủ quản', operator: units.find((u) => u.id === unit)!.name_vi, purpose, rto_s: rto, rpo_s: rpo, data, hosts, addresses, sources, contacts: 'Vũ Hoàng Yến ☎ 0912 000 418', version: 3,
});
export const systems: System[] = [
  sys(1, 'HIS khám chữa bệnh', 'HIS', 3, 3, 'Quản lý khám chữa bệnh, ≈ 84.000 người', 28_800, 3600, ['personal', 'sensitive'], ['SRV-HIS-01', 'SRV-HIS-02', 'SRV-HIS-03'], ['10.64.3.0/24'], ['his-sysmon', 'his-syslog']),
  sys(2, 'AD Sông Thương', 'AD-ST', 3, 3, 'Danh mục tài khoản của bệnh viện', 14_400, 3600, ['personal'], ['dc01', 'dc02'], ['10.64.1.0/28'], ['dc01.songthuong', 'dc02.songthuong']),
  sys(3, 'Cổng dịch vụ công', 'CDVC', 7, 3, 'Thủ tục hành chính trực tuyến', 14_400, 900, ['personal'], ['web01.congdv', 'web02.congdv', 'web03.congdv'], ['192.0.2.0/26'], ['web01.congdv', 'web03.congdv']),
  sys(4, 'Mạng văn phòng', 'VP', 9, 2, 'Máy trạm của cán bộ', 86_400, 86_400, [], ['KT-PC-07', 'NS-PC-22'], ['10.10.0.0/16'], ['vp-evtx']),
  sys(5, 'Thư điện tử', 'MAIL', 6, 2, 'Thư công vụ', 28_800, 3600, ['personal'], ['mail.haiau'], ['198.51.100.16/28'], ['mail.haiau']),
  sys(6, 'Trang Phú Vân', 'WEB-PV', 8, 1, 'Trang tin của chi nhánh', 172_800, 86_400, [], ['cong.phuvan'], ['198.51.100.40'], ['cong.phuvan']),
  sys(7, 'Hồ sơ nhân sự', 'HSNS', 9, 2, 'Hồ sơ cán bộ, ≈ 5.200 người', 86_400, 14_400, ['personal', 'sensitive'], ['hsns01'], ['10.10.40.11'], ['hsns01']),
  sys(8, 'Điều độ cảng', 'DDC', 6, 3, 'Điều độ tàu, cầu bến', 3600, 300, [], ['ddc01', 'ddc02'], ['10.80.2.0/27'], ['fw-bien-haiau']),
];

type Row = [Severity, string, string, string | null, number | null, number, string, string[], string?];
const rows: Row[] = [
  ['critical', 'Đăng nhập quản trị từ bên ngoài', 'Admin sign-in from outside', 'dc02', 2, 2, '02:29', ['attack.initial_access', 'attack.t1078']],
  ['critical', 'Xoá bản sao lưu bóng (vssadmin)', 'Shadow copies deleted (vssadmin)', 'SRV-HIS-03', 1, 4, '03:07', ['attack.impact', 'attack.t1490']],
  ['high', 'Tệp .jsp lạ trong thư mục web', 'New .jsp file under a web root', 'web01.congdv', 3, 1, '02:47', ['attack.persistence', 'attack.t1505.003']],
  ['high', 'Quét cổng từ máy nội bộ', 'Port scan from an inside host', 'KT-PC-07', 4, 118, '03:01', ['attack.discovery', 'attack.t1046']],
  ['medium', 'Macro Office gọi PowerShell', 'Office macro started PowerShell', 'NS-PC-22', 4, 3, '01:52', ['attack.execution', 'attack.t1059.001']],
  ['medium', 'Dò mật khẩu 14 tài khoản', 'Password spraying, 14 accounts', 'mail.haiau', 5, 340, '03:10', ['attack.credential_access', 'attack.t1110.003']],
  ['low', 'Chứng thư số còn 6 ngày', 'Certificate ends in 6 days', 'cong.phuvan', 6, 1, '00:15', []],
  ['info', 'Quy tắc mới được nạp: 14 quy tắc', 'New rules loaded: 14', null, null, 1, '02:00', []],
];
const many: [Severity, string, string, string, number, string[]][] = [
  ['high', 'Dịch vụ mới chạy từ thư mục tạm', 'New service runs from a temporary folder', 'KT-PC-11', 4, ['attack.persistence']],
  ['high', 'Tắt ghi nhật ký kiểm toán', 'Audit logging switched off', 'hsns01', 7, ['attack.defense_evasion']],
  ['medium', 'Tài khoản mới trong nhóm quản trị', 'New account in an administrators group', 'dc01', 2, ['attack.persistence']],
  ['medium', 'Lệnh tải tệp bằng certutil', 'File fetched with certutil', 'NS-PC-31', 4, ['attack.command_and_control']],
  ['medium', 'Đăng nhập thất bại liên tiếp', 'Repeated failed sign-ins', 'mail.haiau', 5, ['attack.credential_access', 'attack.t1110']],
  ['medium', 'Yêu cầu web chứa câu lệnh SQL', 'SQL in a web request', 'web02.congdv', 3, ['attack.initial_access', 'attack.t1190']],
  ['low', 'USB lạ cắm vào máy trạm', 'Unknown USB device on a workstation', 'KT-PC-02', 4, ['attack.initial_access']],
  ['low', 'Giờ đăng nhập khác thường', 'Sign-in at an unusual hour', 'NS-PC-08', 4, ['attack.t1078']],
];

function alert(id: number, r: Row): Alert {
  const s = systems.find((x) => x.id === r[4]);
  const raised = at(r[6], r[8] ? Number(r[8]) : 0);
  return {
    id, status: 'new', severity: r[0], title: r[2], title_vi: r[1], rule: `rule-${1000 + id}`, rule_kind: r[4] === null ? 'node' : 'rule', tags: r[7], host: r[3], user: id === 2 ? 'SONGTHUONG\\qtht01' : null, source: s?.sources[0] ?? null, entity: r[3], system: s?.id ?? null, system_name: s?.name ?? null, system_level: s?.level ?? null, unit: s?.unit ?? 1, count: r[5],
    first: raised, last: id === 2 ? at('03:09:44') : raised, raised, waiting_since: raised, taken_by: null, taken_at: null, incident: null, incident_code: null, dismiss_reason: null, drill: false, retro: false, version: 1,
  };
}
const RANK = { critical: 0, high: 1, medium: 2, low: 3, info: 4 };
export const order = (a: Alert, b: Alert) => RANK[a.severity] - RANK[b.severity] || Date.parse(a.waiting_since ?? a.raised) - Date.parse(b.waiting_since ?? b.raised);

export function makeAlerts(): Alert[] {
  const all = rows.slice(0, 7).map((r, i) => alert(i + 1, r));
  for (let i = 0; all.length < 40; i++) {
    const m = many[i % many.length]!;
    const x = alert(all.length + 1, [m[0], m[1], m[2], m[3], m[4], 1 + ((i * 7) % 60), `0${(i * 37) % 3}:${String((i * 13) % 60).padStart(2, '0')}`, m[5]]);
    if (i >= 16) {
      x.status = i % 3 === 0 ? 'taken' : i % 3 === 1 ? 'dismissed' : 'merged';
      x.waiting_since = x.status === 'taken' ? x.waiting_since : null;
      if (x.status === 'taken') x.taken_by = 'Trần Quốc Bảo';
      if (x.status === 'dismissed') x.dismiss_reason = i % 2 ? 'false_positive' : 'expected';
      if (x.status === 'merged') [x.incident, x.incident_code] = [147, 'SC-2026-0147'];
    }
    all.push(x);
  }
  return all;
}

const RAW = `{"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1,
 "Computer": "SRV-HIS-03.songthuong", "UtcTime": "2026-11-17 20:09:41.883", "ProcessId": 7312,
 "Image": "C:\\\\Windows\\\\System32\\\\vssadmin.exe",
 "CommandLine": "vssadmin.exe delete shadows /all /quiet",
 "ParentImage": "C:\\\\Users\\\\Public\\\\khoa.exe", "ParentProcessId": 6980,
 "User": "SONGTHUONG\\\\qtht01", "IntegrityLevel": "High",
 "Hashes": "SHA256=4be1…c7d0"}`;
const bytes = (s: string) => Buffer.byteLength(s, 'utf8');
const mark = (part: string, n: number) => {
  const i = RAW.indexOf(part);
  return { from: bytes(RAW.slice(0, i)), to: bytes(RAW.slice(0, i)) + bytes(part), n };
};

export function detail(a: Alert): AlertDetail {
  const days = Array.from({ length: 30 }, (_, i) => ({ day: iso(START - (29 - i) * DAY).slice(0, 10), n: i === 29 ? a.count : i === 3 || i === 11 || i === 18 ? 1 : 0 }));
  const special = a.id === 2;
  return {
    ...a,
    description: special ? 'A process deletes all shadow copies of the machine. Ransomware often does so just before it encrypts, so that nothing can be restored.' : 'The rule fired on what the event says; the conditions stand below with their values.',
    description_vi: special ? 'Một tiến trình xoá toàn bộ bản sao lưu bóng của máy. Mã độc tống tiền thường làm việc này ngay trước khi mã hoá, để không khôi phục được.' : 'Quy tắc trúng theo nội dung sự kiện; các điều kiện và giá trị ở bên dưới.',
    why: special
      ? [
          { n: 1, field: 'EventID', op: '=', value: '1', text_en: 'The event is the start of a process', text_vi: 'Sự kiện là tạo tiến trình' },
          { n: 2, field: 'Image', op: 'endswith', value: '\\vssadmin.exe', text_en: 'The name of the program ends with', text_vi: 'Tệp chạy có tên kết thúc bằng' },
          { n: 3, field: 'CommandLine', op: 'contains', value: 'delete, shadows', text_en: 'The command line has both words', text_vi: 'Dòng lệnh chứa cả hai từ' },
        ]
      : [{ n: 1, field: 'message', op: 'contains', value: a.host ?? 'coloa', text_en: 'The message has the words of the rule', text_vi: 'Thông điệp chứa các từ của quy tắc' }],
    events: [
      {
        which: 'last', seq: 88_140_213, received: a.last ?? a.raised, sealed: true, store: 'dc-thu-02', raw: special ? RAW : `<38>${a.raised} ${a.host ?? 'coloa'} audit: ${a.title}`, marks: special ? [mark('1,', 1), mark('\\\\vssadmin.exe', 2), mark('delete', 3), mark('shadows', 3)].map((m, i) => (i === 0 ? { ...m, to: m.to - 1 } : m)) : [],
        fields: special
          ? { Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 1, Computer: 'SRV-HIS-03.songthuong', UtcTime: '2026-11-17 20:09:41.883', ProcessId: 7312, Image: 'C:\\Windows\\System32\\vssadmin.exe', CommandLine: 'vssadmin.exe delete shadows /all /quiet', ParentImage: 'C:\\Users\\Public\\khoa.exe', ParentProcessId: 6980, User: 'SONGTHUONG\\qtht01', IntegrityLevel: 'High', Hashes: 'SHA256=4be1…c7d0' }
          : { host: a.host, message: `${a.host ?? 'coloa'}: ${a.title}`, program: 'audit', severity: 'notice' },
      },
    ],
    history: { days, first_on_host: special, earlier: [{ id: 31, raised: before(11 * DAY), status: 'dismissed', host: 'BKP-01', dismiss_reason: 'expected' }] },
    suggestions: special || a.id === 1 ? [{ id: 147, code: 'SC-2026-0147', title: 'Mã hoá dữ liệu', why_en: 'same system (HIS), 2 h 26 min apart; same address 203.0.113.70', why_vi: 'cùng hệ thống HIS, cách 2 giờ 26 phút; cùng địa chỉ 203.0.113.70' }] : [],
  };
}

const clock = (id: number, incident: number, code: string, ititle: string, title: string, title_vi: string, clause: string, t0: string, due: string, held: string | null, met: string | null = null): Clock => ({
  id, incident, incident_code: code, incident_title: ititle, clock: `c${id}`, regime: 'vn-2026', basis: clause, checked: 'reported', report: null, title, title_vi, begins: t0, due, left_s: null, state: met ? 'met' : 'running', met_at: met, met_by: met ? 'Nguyễn Thu Hà' : null, proof: met ? 'Biên nhận 0147-1' : null, held_by: held,
});
const T0 = at('00:41:12');
export const clocks: Clock[] = [
  clock(1, 145, 'SC-2026-0145', 'Lộ tệp hồ sơ nhân sự', 'Personal-data breach notice', 'Thông báo vi phạm dữ liệu cá nhân', 'L91/2025 23.1 · 72 h', at('04:05', -3), at('04:05'), 'signature_you'),
  clock(2, 147, 'SC-2026-0147', 'Mã hoá · BV Sông Thương', 'Initial report, serious incident', 'Báo cáo ban đầu, sự cố nghiêm trọng', 'NĐ 331/2026 31.2.d · 24 h', T0, at('00:41', 1), 'missing:3'),
  clock(3, 147, 'SC-2026-0147', 'Mã hoá · BV Sông Thương', 'Cause, scope and remedy report', 'Nguyên nhân, phạm vi, khắc phục', 'NĐ 331/2026 31.2.d · 72 h', T0, at('00:41', 3), 'not_started'),
  clock(5, 139, 'SC-2026-0139', 'Thay đổi giao diện · Phú Vân', 'Final report', 'Báo cáo kết thúc', 'TT 20/2017 · 5 d', at('10:00', -4), at('17:00', 5), 'not_started'),
];
export const met: Clock[] = [clock(4, 147, 'SC-2026-0147', 'Mã hoá · BV Sông Thương', 'Immediate notice', 'Báo ngay', 'NĐ 331/2026 31.2.d', T0, at('01:41'), null, at('01:20:05'))];

export const decisions: Decision[] = [
  { id: 312, kind: 'action_approve', code: 'NC-0312', title: 'Approve block of 203.0.113.64/28 at Sông Thương Hospital', title_vi: 'Phê duyệt chặn 203.0.113.64/28, BV Sông Thương', incident: 147, incident_code: 'SC-2026-0147', by: 'Trần Quốc Bảo', asked: at('03:05:10'), due: at('03:20'), mine: true },
  { id: 309, kind: 'action_prolong', code: 'NC-0309', title: 'Prolong isolation of KT-PC-07, or let it undo itself?', title_vi: 'Kéo dài cách ly máy KT-PC-07, hay để tự gỡ?', incident: 147, incident_code: 'SC-2026-0147', by: 'Lê Minh Khôi', asked: at('01:30'), due: at('03:30'), mine: true },
];

export const silent = [
  { name: 'dc02.songthuong', kind: 'Security', since: at('02:31'), usual_every_s: 2, severity: 'critical' as Severity, maintenance_until: null, system_name: 'AD Sông Thương' },
  { name: 'fw-bien-haiau', kind: 'syslog', since: at('01:06'), usual_every_s: 5, severity: 'high' as Severity, maintenance_until: null, system_name: 'Điều độ cảng' },
  { name: 'web03.congdv', kind: 'nginx', since: at('14:08', -1), usual_every_s: 1, severity: null, maintenance_until: at('06:00'), system_name: 'Cổng dịch vụ công' },
];
export const duty = [
  { id: 1, name: 'Nguyễn Thu Hà', role: 'officer', phone: '4101', note_en: 'on since 22:00', note_vi: 'nhận ca 22:00', warn: false, me: true },
  { id: 2, name: 'Trần Quốc Bảo', role: 'handler', phone: '4102', note_en: 'active 1 min ago', note_vi: 'hoạt động 1 phút trước', warn: false, me: false },
  { id: 3, name: 'Lê Minh Khôi', role: 'lead', phone: '4107', note_en: 'woken 00:58', note_vi: 'đã gọi dậy 00:58', warn: false, me: false },
  { id: 4, name: 'Phạm Đức Anh', role: 'approver', phone: '4111', note_en: 'no answer · called 03:06', note_vi: 'chưa trả lời · gọi 03:06', warn: true, me: false },
];
export const handover = at('06:00');

const ACTIVITIES = [['detect', 'Detect, establish', 'Phát hiện, xác lập'], ['protect', 'Protect the scene', 'Giữ hiện trường'], ['contain', 'Contain, isolate', 'Ngăn chặn, cô lập'], ['analyse', 'Analyse, classify', 'Phân tích, phân loại'], ['restore', 'Remedy, restore', 'Khắc phục, khôi phục'], ['verify', 'Verify, trace', 'Xác minh, truy nguyên']] as const;
const incident = (id: number, title: string, kind: string, severity: Severity, state: string, activity: number, system: number, lead: number | null, t0: string, serious: 'yes' | 'no' | 'unknown', closed: string | null = null): IncidentDetail => {
  const s = systems.find((x) => x.id === system)!;
  const own = [...met, ...clocks].filter((c) => c.incident === id);
  const of = [2, 3, 3, 4, 5, 3];
  const state6 = (i: number) => (closed || i + 1 < activity ? ('done' as const) : i + 1 <= activity + 1 ? ('doing' as const) : ('none' as const));
  return {
    id, code: `SC-2026-${String(id).padStart(4, '0')}`, title, kind, severity, state, level: s.level, system, system_name: s.name, systems: [{ id: system, name: s.name, level: s.level ?? 3, unit_name: s.unit_name, main: true, alerts: 14 }], lead, lead_name: people.find((p) => p.id === lead)?.name ?? null, t0, opened: t0, closed, serious, regime: 'vn-2026', tlp: 'amber', unit: s.unit, unit_name: s.unit_name, alerts: 14, tasks_open: closed ? 0 : 3, next_due: own.find((c) => !c.met_at)?.due ?? null, drill: false, version: 7,
    summary: null, harm: 'grave', severity_by: 'table', occurred: null, detection: 'rule', scope: null, data_kinds: s.data.includes('sensitive') ? 'sức khoẻ' : null, data_subjects: s.data.includes('sensitive') ? 84_000 : null, contained: closed, restored: closed, opened_by: 'Nguyễn Thu Hà', serious_by: serious === 'yes' ? 'Lê Minh Khôi' : null, serious_at: serious === 'yes' ? at('01:12') : null,
    activities: ACTIVITIES.map(([name, en, vi], i) => ({ id: name, title: en, title_vi: vi, state: state6(i), begun: state6(i) === 'none' ? null : t0, done: state6(i) === 'done' ? iso(Date.parse(t0) + (i * 115 + 21) * MIN) : null, tasks: of[i]!, tasks_done: state6(i) === 'done' ? of[i]! : [2, 3, 2, 1, 0, 0][i]! })),
    clocks: own, units: [{ id: s.unit, name: s.unit_name }, { id: 2, name: 'Trung tâm Giám sát' }],
    moves: closed ? [{ to: 'reviewed', title: 'Reviewed', title_vi: 'Đã rút kinh nghiệm', missing: ['cause and lessons'], missing_vi: ['nguyên nhân và bài học'] }] : [{ to: 'recovering', title: 'Contained: recover', title_vi: 'Đã ngăn chặn: khôi phục', missing: serious === 'unknown' ? ['the decision on serious'] : [], missing_vi: serious === 'unknown' ? ['quyết định về mức nghiêm trọng'] : [] }],
  };
};
export const makeIncidents = (): IncidentDetail[] => [
  incident(147, 'Mã hoá dữ liệu tại BV Đa khoa Sông Thương', 'ransomware', 'critical', 'containing', 3, 1, 3, T0, 'yes'),
  incident(145, 'Lộ tệp hồ sơ nhân sự', 'espionage', 'high', 'watching', 5, 7, 3, at('04:05', -3), 'no'),
  incident(146, 'Dò mật khẩu hộp thư công vụ', 'access', 'medium', 'open', 1, 5, 2, at('19:40', -1), 'unknown'),
  incident(139, 'Thay đổi giao diện trang Phú Vân', 'defacement', 'medium', 'closed', 6, 6, 3, at('10:00', -4), 'no', at('16:20', -2)),
  incident(131, 'Mã độc trên máy trạm kế toán', 'malware', 'medium', 'reviewed', 6, 4, 2, at('08:30', -12), 'no', at('15:00', -9)),
  incident(126, 'Từ chối dịch vụ vào cổng dịch vụ công', 'denial', 'high', 'reviewed', 6, 3, 3, at('20:15', -21), 'no', at('03:30', -20)),
];

export const timeline: TimelineEntry[] = (
  [
    [at('03:09:44'), 'alert', 'Shadow copies deleted (vssadmin) on SRV-HIS-03, 4 times', 'Xoá bản sao lưu bóng (vssadmin) trên SRV-HIS-03, 4 lần', null, 'alert', 2],
    [at('03:05:10'), 'action', 'Proposal to block network 203.0.113.64/28, 4 h · NC-0312', 'Đề nghị chặn mạng 203.0.113.64/28, 4 giờ · NC-0312', 'Trần Quốc Bảo', 'action', 312],
    [at('02:58:31'), 'evidence', 'Memory image of SRV-HIS-02, 16 GiB, 9f2c…41ae; sealed', 'Ảnh bộ nhớ SRV-HIS-02, 16 GiB, 9f2c…41ae; đã niêm phong', 'Trần Quốc Bảo', null, null],
    [at('02:51:02'), 'message', '“The emergency department has gone to paper records; no patient is affected so far.”', '“Khoa Cấp cứu đã chuyển sang hồ sơ giấy, chưa ảnh hưởng người bệnh.”', 'Vũ Hoàng Yến', null, null],
    [at('01:34:20'), 'action', 'SRV-HIS-02 isolated from the network until 05:34 · NC-0308', 'Cách ly SRV-HIS-02 khỏi mạng tới 05:34 · NC-0308', 'Lê Minh Khôi', 'action', 308],
    [at('01:20:05'), 'clock', 'Immediate notice met: receipt 0147-1, T0 + 38 min', 'Báo ngay: đã đạt, biên nhận 0147-1, T0 + 38 phút', 'Nguyễn Thu Hà', null, null],
    [at('01:12:00'), 'state', 'Found serious by law: yes', 'Xác định nghiêm trọng theo luật: có', 'Lê Minh Khôi', null, null],
    [at('00:41:12'), 'alert', 'File names changed in bulk (.khoa), 2,140 files · T0', 'Đổi đuôi hàng loạt tệp (.khoa), 2.140 tệp · T0', null, 'alert', 1],
  ] as [string, TimelineEntry['kind'], string, string, string | null, string | null, number | null][]
).map(([when, kind, text, text_vi, by_name, about, about_id], i) => ({ id: 100 - i, at: when, written: when, kind, text, text_vi, by: null, by_name, about, about_id, corrects: null }));

const task = (id: number, title: string, state: Task['state'], owner: number, step: string, due: string | null, done_at: string | null, activity: string): Task => ({
  id, incident: 147, incident_code: 'SC-2026-0147', title, note: null, activity, state, owner, owner_name: people.find((p) => p.id === owner)!.name, step, due, done_at, done_by: null, version: 1,
});
export const tasks: Task[] = [
  task(1, 'Rà 3 máy cùng phân đoạn với SRV-HIS-02', 'doing', 2, '3.2', at('03:30'), null, 'contain'),
  task(2, 'Hỏi 4 câu xác định phạm vi dữ liệu', 'doing', 1, '4.1', at('04:12'), null, 'analyse'),
  task(3, 'Chọn bản sao lưu sạch, trước 22:10 hôm qua', 'open', 6, '5.1', null, null, 'restore'),
  task(4, 'Cách ly SRV-HIS-02', 'done', 3, '3.1', null, at('01:34'), 'contain'),
  task(5, 'Chụp bộ nhớ trước khi tắt máy', 'done', 2, '2.1', null, at('02:58'), 'protect'),
];
const seen = (id: number, type: string, value: string, role: Observable['role'], count: number, when: string): Observable => ({ id, type, value, role, note: null, tlp: 'amber', count, at: when, by_name: 'Trần Quốc Bảo' });
export const observables: Observable[] = [seen(1, 'address', '203.0.113.70', 'attacker', 12, at('01:02')), seen(2, 'file', 'khoa.exe', 'attacker', 2, at('01:04')), seen(3, 'hash', '9f2c…41ae', 'attacker', 1, at('02:58')), seen(4, 'host', 'SRV-HIS-02', 'victim', 0, at('00:44')), seen(5, 'account', 'qtht01', 'victim', 0, at('02:31'))];
const question = (id: string, en: string, vi: string, answer: Question['answer'], when: string | null): Question => ({ id, en, vi, basis: 'QĐ 05/2017', checked: 'reported', answer, known: false, asked: true, note: null, by_name: when ? 'Lê Minh Khôi' : null, at: when });
export const questions: Question[] = [
  question('interrupted', 'Is a level 4–5 or nationally important system interrupted?', 'Hệ thống cấp độ 4–5 hoặc quan trọng quốc gia có bị gián đoạn không?', 'no', at('01:10')),
  question('integrity', 'Is integrity of important data lost beyond repair?', 'Dữ liệu quan trọng có mất toàn vẹn, không khôi phục được không?', 'yes', at('01:11')),
  question('secrets', 'May state secrets have been disclosed?', 'Có khả năng lộ bí mật nhà nước không?', 'unknown', null),
  question('alone', 'Can the owner control it alone?', 'Chủ quản có tự kiểm soát được không?', 'no', at('01:12')),
];

const block = (id: number, targets: string, incident: number, state: string, proposer: number, proposed: string, lapses: string | null, approver: string | null, decided: string | null, until: string | null, undone: string | null, reason: string): RawAction => ({
  id, code: `NC-0${id}`, incident, incident_code: `SC-2026-0${incident}`, kind: 'block', targets, direction: 'both', seconds: 14_400, reason, state, proposed, proposer, proposer_name: people.find((p) => p.id === proposer)!.name, lapses, decided, approver_name: approver, note: null, until, undone, mine: false,
});
export const makeActions = (): RawAction[] => [
  block(312, '203.0.113.64/28', 147, 'proposed', 2, at('03:05:10'), at('03:20'), null, null, null, null, 'Địa chỉ điều khiển của mã độc khoa.exe.'),
  block(309, '203.0.113.9', 147, 'in_force', 3, at('01:28'), null, 'Phạm Đức Anh', at('01:30'), at('03:30'), null, 'Máy quét từ ngoài.'),
  block(308, '198.51.100.0/25', 147, 'in_force', 2, at('01:31'), null, 'Lê Minh Khôi', at('01:34'), at('05:34'), null, 'Cùng nhóm tấn công.'),
  block(301, '198.51.100.77', 139, 'undone', 2, at('11:10', -4), null, 'Phạm Đức Anh', at('11:14', -4), at('15:14', -4), at('15:14', -4), 'Sửa giao diện từ địa chỉ này.'),
];

export const makeReports = (): Report[] => [
  { id: 45, code: 'BC-2026-0045', incident: 145, incident_code: 'SC-2026-0145', kind: 'personal_data', title: 'Personal-data breach notice', title_vi: 'Thông báo vi phạm dữ liệu cá nhân', state: 'signing', due: at('04:05'), missing: 0, missing_fields: [], signatures: [{ name: 'Lê Minh Khôi', at: at('02:40') }], version: 4 },
  {
    id: 47, code: 'BC-2026-0047', incident: 147, incident_code: 'SC-2026-0147', kind: 'initial_24h', title: 'Initial report, serious incident', title_vi: 'Báo cáo ban đầu, sự cố nghiêm trọng', state: 'draft', due: at('00:41', 1), missing: 3, signatures: [], version: 2,
    missing_fields: [
      { name: 'os', text: 'Operating system and version', text_vi: 'Hệ điều hành và phiên bản' },
      { name: 'notified', text: 'Already notified (network member, provider, coordinator)', text_vi: 'Đã thông báo cho ai (thành viên mạng lưới, nhà cung cấp, cơ quan điều phối)' },
      { name: 'support', text: 'Support asked for', text_vi: 'Đề nghị hỗ trợ' },
    ],
  },
  { id: 39, code: 'BC-2026-0039', incident: 139, incident_code: 'SC-2026-0139', kind: 'initial', title: 'Initial report', title_vi: 'Báo cáo ban đầu', state: 'sent', due: at('10:00', -3), missing: 0, missing_fields: [], signatures: [{ name: 'Lê Minh Khôi', at: at('18:00', -4) }, { name: 'Phạm Đức Anh', at: at('18:22', -4) }], version: 5 },
];

export const audit: AuditRow[] = (
  [
    ['03:11:40', 'Nguyễn Thu Hà', 'alerts.accept', 'alert 14'],
    ['03:05:10', 'Trần Quốc Bảo', 'actions.propose', 'action 312'],
    ['02:58:31', 'Trần Quốc Bảo', 'evidence.attach', 'incident 147'],
    ['02:40:02', 'Lê Minh Khôi', 'reports.sign', 'report 45'],
    ['02:31:17', 'coloa', 'sources.silent', 'source dc02.songthuong'],
    ['02:29:55', 'Lý Thu Trang', 'session.open', 'person 12'],
    ['01:34:20', 'Lê Minh Khôi', 'actions.approve', 'action 308'],
    ['01:12:00', 'Lê Minh Khôi', 'incidents.assess', 'incident 147'],
    ['22:00:04', 'Nguyễn Thu Hà', 'session.open', 'person 1'],
  ] as [string, string, string, string][]
).map(([when, who, what, about], i) => ({ id: 90_210 - i, time: at(when, when > '20' ? -1 : 0), who, what, about, detail: i === 1 ? { object: '203.0.113.64/28', hours: 4 } : null, hash: '5d1e…a90' + (i % 10) }));
for (let i = 0; i < 60; i++) audit.push({ id: 90_200 - i, time: before(9 * HOUR + i * 23 * MIN), who: people[i % 8]!.name, what: ['alerts.dismiss', 'incidents.note', 'systems.change', 'search.run', 'alerts.accept'][i % 5]!, about: `alert ${200 + i}`, detail: null, hash: 'c07b…31e' + (i % 10) });

export function makeSources(): Source[] {
  const named = systems.flatMap((s) => s.sources.map((name) => ({ name, s })));
  const all: Source[] = named.map(({ name, s }, i) => source(i + 1, name, s));
  for (let i = all.length; i < 412; i++) all.push(source(i + 1, `diem-${String(i).padStart(3, '0')}.coquan`, systems[i % systems.length]!));
  for (const q of silent) {
    const x = all.find((a) => a.name === q.name);
    if (x) Object.assign(x, { state: q.maintenance_until ? 'maintenance' : 'silent', silent_since: q.since, last_seen: q.since, maintenance_until: q.maintenance_until, rate: 0, usual_every_s: q.usual_every_s });
  }
  return all;
}
function source(id: number, name: string, s: System): Source {
  return { id, name, kind: ['syslog', 'evtx', 'bulk', 'journal'][id % 4]!, system: s.id, system_name: s.name, unit: s.unit, unit_name: s.unit_name, state: 'sending', last_seen: before((id % 9) * 700), usual_every_s: 1 + (id % 7), rate: ((id * 37) % 90) / 10, received: 1_000_000 + id * 40_127, refused: id % 50 === 0 ? 12 : 0, malformed: id % 33 === 0 ? 3 : 0, behind_s: 0.4, silent_since: null, maintenance_until: null };
}
