// The mock node's desk, exercises: two scenarios, a drill of as many units as a test asks for (state.units), what a unit's
// people see of it (state.drill), results, appeals.
import type { Appeal, Board, CellState, DrillNow, Exercise, ExerciseDetail, PlayUnit, Results, Scenario, ScenarioPlan, ScenarioUpload, UnitScore } from '../src/lib/types_exercise.ts';
import * as data from './mock_data.ts';
import { Bytes, type Does, type Shared } from './mock_desk.ts';

const MIN = 60_000;
const HOUR = 60 * MIN;
const both = (en: string, vi: string) => ({ en, vi });
const at = (minutes: number, more = {}) => ({ at: minutes * MIN, after: null, delay: 0, until: 0, condition: -1, wait: false, ...more });
const STEPS: [string, string, string, string][] = [['Lure', 'Thư lừa', 'T1566.001', 'initial-access'], ['File opened', 'Mở tệp', 'T1204.002', 'execution'], ['Code run', 'Chạy mã', 'T1059.001', 'execution'], ['Scan', 'Dò mạng', 'T1046', 'discovery'], ['Passwords', 'Lấy mật khẩu', 'T1003.001', 'credential-access'], ['Spread', 'Lây lan', 'T1021.002', 'lateral-movement'], ['Backup off', 'Tắt sao lưu', 'T1490', 'impact'], ['Encryption', 'Mã hoá', 'T1486', 'impact'], ['Press', 'Báo chí', '', ''], ['Restore', 'Khôi phục', '', '']];
const NAMES = ['Sông Thương', 'Phú Vân', 'Hải Âu', 'Cao đẳng Y An Hoà', 'Viện Dịch tễ Tây Hồng', 'Dữ liệu miền Trung', 'Bình Sa', 'Nam Hà Trung', 'Đồng Ruộng', 'Hòn Mây', 'Mường Khăn', 'Bãi Đông', 'Trạm Y tế Hòn Rơm'];

const plan: ScenarioPlan = {
  summary: both('A lure is opened at a provincial office; within an hour files are encrypted.', 'Một thư lừa được mở tại đơn vị cấp tỉnh; trong một giờ, tệp bị mã hoá.'), objectives: [both('See the spread before files are encrypted.', 'Thấy lây lan trước khi tệp bị mã hoá.'), both('Report within 24 hours with all fields.', 'Báo cáo trong 24 giờ, đủ mục.')], roles: ['officer', 'handler', 'lead', 'approver'], formula: 'coloa-score/1', length: 3 * HOUR + 18 * MIN, speed_max: 30, demo_speed: 8, simulated: true, noise: 6,
  hosts: [{ id: 'ws1', name: '{unit}-WS-01', address: '10.20.1.11', os: 'windows', kind: 'workstation', criticality: 1, sources: ['sysmon', 'security'] }, { id: 'dc', name: '{unit}-DC-01', address: '10.20.1.5', os: 'windows', kind: 'dc', criticality: 3, sources: ['security'] }, { id: 'files', name: '{unit}-FS-01', address: '10.20.1.20', os: 'linux', kind: 'files', criticality: 2, sources: ['auditd', 'sshd'] }],
  accounts: [{ id: 'user', name: 'lan.nt', kind: 'user', person: both('a clerk', 'văn thư') }, { id: 'adm', name: 'quantri', kind: 'admin', person: null }], outside: [{ id: 'c2', address: '203.0.113.70', domain: 'cap-nhat.example', attacker: true }],
  steps: STEPS.slice(0, 8).map(([en, vi, technique, tactic], i) => ({ id: 's' + (i + 1), title: both(en, vi), text: i === 0 ? both('A mail with an archive reaches the registry.', 'Một thư kèm tệp nén tới văn thư.') : null, technique, tactic, when: i % 3 === 2 ? { ...at(0), at: -1, after: 's' + i, delay: 5 * MIN } : at(12 * i + 3), background: i === 3, targets: ['ws1'] })),
  injects: [{ id: 'i1', kind: 'press', title: both('A reporter calls the head', 'Báo chí gọi trưởng đơn vị'), text: both('Is it true that…?', 'Có đúng là…?'), from: both('A reporter', 'Phóng viên'), when: at(180), roles: ['lead'], choices: [], answer: true, technique: null }, { id: 'i2', kind: 'failure', title: both("Last night's backup is broken", 'Sao lưu đêm qua hỏng'), text: both('The job failed.', 'Tác vụ lỗi.'), from: null, when: at(60, { condition: 0, wait: true }), roles: [], choices: [], answer: false, technique: null }],
  expectations: (['alert', 'classified', 'scope', 'contained', 'reported'] as const).map((fact, i) => ({ id: 'e' + (i + 1), title: both(['Alert on the lure', 'Classified rightly', 'Right scope', 'Contained', 'Initial report'][i]!, ['Cảnh báo thư lừa', 'Phân loại đúng', 'Đúng phạm vi', 'Ngăn chặn', 'Báo cáo ban đầu'][i]!), of: 's' + (i + 1), fact, part: i ? ('people' as const) : ('machine' as const), capability: ['detect', 'triage', 'investigate', 'contain', 'report'][i]!, weight: [20, 20, 20, 25, 15][i]!, g: MIN * [1, 10, 20, 15, 60][i]!, d: MIN * [5, 30, 60, 45, 70][i]!, h: MIN * [15, 60, 120, 90, 120][i]!, p: 500_000, real: false, roles: i ? ['lead'] : [] })),
  hints: [{ id: 'h1', step: 's2', price: 5, text: both('Look at the mail gateway.', 'Xem cổng thư.') }],
};
const scenarios: Scenario[] = [
  ['ransomware-province', 'Ransomware at a provincial office', 'Mã độc tống tiền tại đơn vị cấp tỉnh', 'intermediate'], ['web-exam', 'A web portal is breached before an exam', 'Cổng thông tin bị xâm nhập trước kỳ thi', 'intermediate'], ['mail-fraud', 'A phished account and mail fraud', 'Tài khoản bị lừa và gian lận thư', 'basic'], ['insider', 'An insider takes personal data', 'Người trong lấy dữ liệu cá nhân', 'advanced'],
].map(([code, title, title_vi, level], i) => ({ id: i + 1, code: code!, title: title!, title_vi: title_vi!, level: level as Scenario['level'], minutes: 75, demo_minutes: 10, edition: 1, hash: '9f2c41ae'.repeat(8), techniques: 8, steps: 8, injects: 2, expectations: 5, origin: i === 3 ? 'own' : 'coloa', added: data.iso(data.START - 40 * 24 * HOUR), used: i * 2, retired: false, version: 1 }));

export interface ExerciseState {
  units: number;
  drill: boolean;
  permissions: string[];
}
export function exerciseDoes(m: Shared & { state: ExerciseState }): Does[] {
  let ids = 400;
  let running = true;
  let speed = 30_000;
  let base = 162 * MIN;
  let since = m.now();
  let score = 0;
  const clockOf = () => ({ drill_ms: base + (running ? ((m.now() - since) * speed) / 1000 : 0), speed, running, at: m.iso(), length_ms: plan.length, ends: data.iso(m.now() + 36 * MIN) });
  const set = (change: () => void) => {
    base = clockOf().drill_ms;
    since = m.now();
    change();
    m.tell('exercise', 3);
  };
  const row = (id: number, code: string, title: string, state: Exercise['state'], more: Partial<Exercise> = {}): Exercise => ({ id, code, title, kind: 'replay', scenario: 1, scenario_title: scenarios[0]!.title, scenario_title_vi: scenarios[0]!.title_vi, state, unit: 1, unit_name: 'Trung tâm Giám sát', units: m.state.units, playing: 412, solo: false, starts: data.iso(data.START + 24 * HOUR), started: null, ended: null, speed: 30_000, drill_ms: null, mine: null, version: 1, ...more });
  const exercises: Exercise[] = [
    row(3, 'DT-2026-03', 'Mã độc tống tiền tại đơn vị cấp tỉnh', 'running', { started: data.iso(data.START - 6 * MIN), drill_ms: base, mine: 30 }), row(4, 'DT-2026-04', 'Cổng thông tin trước kỳ thi', 'invited', { scenario: 2, scenario_title: scenarios[1]!.title, scenario_title_vi: scenarios[1]!.title_vi }),
    row(2, 'DT-2026-02', 'Tài khoản bị lừa', 'provisional', { started: data.iso(data.START - 20 * 24 * HOUR), ended: data.iso(data.START - 20 * 24 * HOUR + HOUR), drill_ms: plan.length }), row(5, 'DT-2026-05', 'Thực chiến cổng dịch vụ công', 'draft', { kind: 'live', scenario: null, scenario_title: null, scenario_title_vi: null, units: 3 }),
  ];
  const nameOf = (i: number) => (i < NAMES.length ? NAMES[i]! : `Đơn vị ${String(i + 1).padStart(3, '0')}`);
  let plays: PlayUnit[] = Array.from({ length: m.state.units }, (_, i) => ({ play: i + 30, unit: i + 2, unit_name: nameOf(i), state: i % 9 === 8 ? 'invited' : 'ready', people: (i * 7) % 6, cast: i % 4 === 0 ? { domain: 'noibo.example', hosts: [{ id: 'ws1', name: 'VT-MAY-07', address: '10.64.3.7' }], accounts: [] } : null, consent: 'none', roster: Array.from({ length: Math.min(3, (i * 7) % 6) }, (_, k) => ({ id: i * 10 + k, person: (k % 3) + 1, person_name: ['Nguyễn Thu Hà', 'Lê Minh Khôi', 'Trần Quốc Bảo'][k % 3]!, role: ['officer', 'lead', 'handler'][k % 3]!, deputy: k === 2 })) }));
  let checklist: ExerciseDetail['checklist'] = [
    { id: 'content', en: 'Scenario and formula are frozen', vi: 'Kịch bản và công thức đã chốt', done: true, auto: true, by: null, why: null }, { id: 'rosters', en: 'Every unit has a roster with the roles needed', vi: 'Mọi đơn vị có đủ người và vai trò', done: false, auto: true, by: null, why: '4 units without', why_vi: '4 đơn vị chưa có' },
    { id: 'rehearsed', en: 'Rehearsed once', vi: 'Đã diễn thử một lần', done: true, by: 'Nguyễn Thu Hà', why: 'hôm qua, 2 đơn vị' }, { id: 'phones', en: 'The organisers can be reached by telephone', vi: 'Gọi được ban tổ chức', done: false, by: null, why: null },
  ];
  const cells = (i: number): Board['units'][0]['cells'] =>
    STEPS.map((_, n) => {
      const reach = 8 - Math.floor((i % 13) / 2) - (n % 2);
      const state: CellState = n >= 8 ? 'future' : n < reach - 2 ? ((i * 3 + n * 5) % 7 === 0 || (i % 13 > 7 && n < 3) ? 'overdue' : 'answered') : n < reach ? 'seen' : 'played';
      return { step: n + 1, state, ms: state === 'overdue' ? (52 - n * 7 + score) * MIN : state === 'played' || state === 'future' ? null : ((i + n * 3 + score) % 9 + 2) * MIN };
    });
  const LAST: [number, string, string][] = [[6000, 'Right scope, 3 of 3 hosts', 'Khoanh đúng 3/3 máy'], [4000, 'Report within 24 hours, all fields', 'Báo cáo 24 giờ, đủ mục'], [-3000, 'A printer was isolated', 'Cách ly nhầm máy in'], [0, 'No new points', 'Chưa có điểm mới'], [-4000, 'Overdue: steps 1, 2, 3', 'Quá hạn bước 1, 2, 3']];
  let injects: Board['injects'] = [
    { id: 1, title: 'A reporter calls the head', title_vi: 'Báo chí gọi trưởng đơn vị', t: 180 * MIN, state: 'waiting', delivered: 0, seen: 0, answered: 0, of: m.state.units }, { id: 2, title: "Last night's backup is broken", title_vi: 'Sao lưu đêm qua hỏng', t: null, state: 'conditional', why: 'when a unit begins to restore', why_vi: 'khi đơn vị bắt đầu khôi phục', delivered: 0, seen: 0, answered: 0, of: m.state.units },
    { id: 3, title: 'A ransom note', title_vi: 'Thư đòi tiền chuộc', t: 150 * MIN, state: 'sent', delivered: m.state.units - 1, seen: 31, answered: 0, of: m.state.units, took_ms: 2000 },
  ];
  let requests: Board['requests'] = [
    { id: 1, play: 37, unit_name: 'Nam Hà Trung', kind: 'reopen', text: 'Xin mở lại 198.51.100.23, đã chặn nhầm.', step: null, t: 158 * MIN, waits_s: 240, price: 0 }, { id: 2, play: 39, unit_name: 'Hòn Mây', kind: 'hint', text: null, step: 2, t: 161 * MIN, waits_s: 60, price: 5 }, { id: 3, play: 32, unit_name: 'Hải Âu', kind: 'question', text: 'Máy in có trong phạm vi không?', step: null, t: 161 * MIN, waits_s: 40, price: 0 },
  ];
  let checkpoints: ExerciseDetail['checkpoints'] = [{ id: 1, name: 'Trước khi mã hoá', t: 120 * MIN, at: data.iso(data.START - 90_000) }];
  const board = (e: Exercise): Board => ({
    exercise: e, clock: clockOf(), steps: STEPS.map(([title, title_vi, technique], i) => ({ n: i + 1, id: 's' + (i + 1), kind: technique ? 'step' : 'inject', title, title_vi, technique: technique || null, t: i * 20 * MIN, state: i < 8 ? 'played' : 'future' })), organiser: 'Nguyễn Thu Hà',
    units: plays.map((p, i) => ({ play: p.play!, unit: p.unit, unit_name: p.unit_name, score: (86 - ((i * 7) % 70) + ((i + score) % 3)) * 1000, cells: cells(i), last: { points: LAST[i % 5]![0], en: LAST[i % 5]![1], vi: LAST[i % 5]![2], t: (161 - (i % 20)) * MIN }, state: i === 10 ? 'lost' : 'playing' })),
    injects, requests, checkpoints, counts: { units: plays.length, people: 412, overdue: plays.filter((_, i) => cells(i).some((c) => c.state === 'overdue')).length, lost: 1, contained: 27 },
  });
  const now: DrillNow = {
    play: 30, exercise: 3, code: 'DT-2026-03', title: 'Ransomware at a provincial office', title_vi: 'Mã độc tống tiền tại đơn vị cấp tỉnh', state: 'running', unit_name: 'Sông Thương', role: 'officer', solo: false, simulated: true, clock: clockOf(), objectives: plan.objectives, waiting: 2,
    injects: [
      { id: 71, kind: 'note', title: 'A ransom note', title_vi: 'Thư đòi tiền chuộc', text: 'Your files are encrypted.', text_vi: 'Tệp của bạn đã bị mã hoá. Trả 5 BTC trong 72 giờ.', sender: null, sender_vi: null, t: 150 * MIN, seen: data.iso(data.START - 60_000), answer: true, due_t: 180 * MIN, choices: [{ id: 'a', text: 'Keep it as evidence, answer nothing', text_vi: 'Giữ làm bằng chứng, không trả lời' }, { id: 'b', text: 'Begin to bargain', text_vi: 'Bắt đầu thương lượng' }], answered: null, answered_by: null, choice: null, said: null, file_name: 'README.txt', file: 'ALL YOUR FILES…', file_vi: 'TẤT CẢ TỆP CỦA BẠN…' },
      { id: 72, kind: 'press', title: 'A reporter calls the head', title_vi: 'Báo chí gọi trưởng đơn vị', text: 'Is it true that patients were sent home?', text_vi: 'Có đúng là bệnh viện đã cho bệnh nhân về không?', sender: 'A reporter', sender_vi: 'Phóng viên', t: 160 * MIN, seen: null, answer: true, due_t: 190 * MIN, choices: [], answered: null, answered_by: null, choice: null, said: null, file_name: null, file: null, file_vi: null },
      { id: 70, kind: 'call', title: 'A clerk cannot open files', title_vi: 'Văn thư không mở được tệp', text: 'Files end in .locked.', text_vi: 'Tệp có đuôi .locked.', sender: 'Lan, registry', sender_vi: 'Lan, văn thư', t: 120 * MIN, seen: data.iso(data.START - 300_000), answer: true, due_t: 140 * MIN, choices: [], answered: data.iso(data.START - 200_000), answered_by: 'Nguyễn Thu Hà', choice: null, said: 'Rút dây mạng, giữ máy bật.', file_name: null, file: null, file_vi: null },
    ],
    messages: [{ id: 1, from_organiser: true, by_name: 'Nguyễn Thu Hà', text: 'Chúc các đơn vị diễn tập tốt.', t: 0 }], requests: [{ id: 9, kind: 'is_it_you', text: '203.0.113.70 có phải của diễn tập?', step: null, price: 0, t: 140 * MIN, state: 'answered', yes: true, answer: 'Yes, after containment.', answer_vi: 'Đúng, sau khi đã ngăn chặn.', answered_t: 150 * MIN }],
    hints: [{ id: 'h1', step: 2, title: 'Where the mail came in', title_vi: 'Thư vào từ đâu', price: 5, taken: false, text: null, text_vi: null }],
  };
  let appeals: Appeal[] = [{ id: 1, play: 33, unit_name: NAMES[3]!, expectation: 'e4', text: 'Máy in đó chứa mã độc thật, xem cảnh báo 12.', state: 'open', at: data.iso(data.START - 3 * HOUR), by_name: 'Lê Minh Khôi', before: null, after: null, ruling: null, ruled_by: null, ruled: null }];
  const CAPS = ['detect', 'triage', 'investigate', 'contain', 'report', 'recover', 'coordinate'];
  const score_of = (i: number, whole: boolean): UnitScore => {
    const total = Math.max(0, 96_700 - i * 2900 * (13 / Math.max(13, plays.length)));
    return {
      play: plays[i]!.play!, unit: plays[i]!.unit, unit_name: plays[i]!.unit_name, total, base: total + (i % 4 === 3 ? 12_000 : 0), penalty: i % 4 === 3 ? 12_000 : 0, harm: i % 4 === 3 ? 15_000 : 0, open: 0, machine: 100_000 - (i % 3) * 29_165, people: total, rank: [Math.max(1, i - 2), Math.min(plays.length, i + 4)], provisional: i === 10,
      capabilities: CAPS.map((c, k) => ({ id: c, score: k > 4 ? null : Math.max(20_000, total - k * 7000), lines: k > 4 ? 1 : 4 })),
      lines: !whole ? [] : plan.expectations.map((e, k) => ({ expectation: e.id, title: e.title.en, title_vi: e.title.vi, part: e.part, capability: e.capability, of: 's' + (k + 1), state: k === 4 ? ('missed' as const) : ('scored' as const), hint: 0, also: [], w: e.weight, t_ms: k === 4 ? null : 45_000 + k * 400_000, T: k === 4 ? 0 : 1_000_000 - k * 90_000, Q: k === 1 ? 500_000 : 1_000_000, R: k === 3 ? 500_000 : 1_000_000, points: k === 4 ? 0 : (e.weight - k) * 1000, reason_en: k === 4 ? 'Never reported.' : 'In time.', reason_vi: k === 4 ? 'Không báo cáo.' : ['Quy tắc báo sau 45 giây.', 'Phân loại gần đúng: mã độc thay cho tống tiền.', 'Đúng 3/3 máy, không thừa.', 'Tự duyệt: hệ số vai trò ½.', ''][k]!, facts: k === 4 ? [] : [{ kind: ['alert', 'incident', 'incident', 'action', 'report'][k]!, id: String(2 + k), fact: 'f' + k, link: ['/alerts/2', '/incidents/147', '/incidents/147', '/actions/312', '/reports/45'][k]! }], void: k === 2 && i % 5 === 1 ? 'prevented' : null })),
      penalties: i % 4 === 3 ? [{ key: 'innocent:printer', kind: 'innocent', points: 12_000, machine: false, pardoned: false, object: 'printer', reason_en: 'A printer of criticality 3 was isolated.', reason_vi: 'Cách ly nhầm máy in, độ quan trọng 3.', facts: [{ kind: 'action', id: '309', fact: 'f9', link: '/actions/309' }] }] : [],
      strengths: [{ en: 'Investigate: 92 %, no harm', vi: 'Điều tra: 92 %, không gây hại' }], gaps: [{ key: 'e5', en: 'The initial report was never sent.', vi: 'Không gửi báo cáo ban đầu.', cause: 'plan', cause_en: 'the plan is unclear', cause_vi: 'quy trình chưa rõ', task: 12, task_state: 'open', needs: 2, passed: 1, retest: data.iso(data.START + 30 * 24 * HOUR) }, { key: 'e2', en: 'Classified late.', vi: 'Phân loại chậm.', cause: 'step', cause_en: 'a slow step', cause_vi: 'bước chậm', task: null, task_state: null, needs: 0, passed: 0, retest: null }],
      steps: STEPS.slice(0, 8).map(([title, title_vi, technique, tactic], n) => ({ n: n + 1, id: 's' + (n + 1), background: n === 3, alerts: 1, title, title_vi, technique, tactic, t: n * 20 * MIN, seen_t: n === 7 ? null : n * 20 * MIN + (n + 2) * MIN, answered_t: n > 5 ? null : n * 20 * MIN + (n + 8) * MIN, state: n === 7 ? ('prevented' as const) : n > 5 ? ('seen' as const) : ('answered' as const) })),
    };
  };
  const results = (e: Exercise, play: string | null): Results => ({ state: e.state === 'running' ? 'provisional' : e.state, formula: 'coloa-score/1', all: true, rulings: [], units: plays.map((_, i) => score_of(i, !!play)).filter((u) => !play || String(u.play) === play), appeals: appeals.filter((a) => !play || String(a.play) === play) });
  const detail = (e: Exercise): ExerciseDetail => ({ ...e, text: 'Diễn tập thường niên. Gọi ban tổ chức: 024 000 000.', simulated: true, speed_max: 30_000, scenario_hash: '1b7c41ae'.repeat(8), manage: true, moves: movesOf(e), formula: 'coloa-score/1', plays: e.id === 5 ? plays.slice(0, 3).map((p) => ({ ...p, consent: p.unit === 2 ? 'given' : 'none' })) : plays, checklist, clock: e.started ? clockOf() : null, checkpoints, next: null });
  const movesOf = (e: Exercise): NonNullable<ExerciseDetail['moves']> => {
    const open = checklist.some((c) => !c.done && !c.auto);
    const all: Record<string, string[]> = { draft: ['invite'], invited: ['rehearse', 'go'], rehearsal: ['rehearse', 'go'], ready: ['recall', 'start'], running: ['pause', 'end'], paused: ['resume', 'end'], ended: ['publish'], provisional: ['finish'] };
    return (all[e.state] ?? []).map((move) => ({ move, en: move, vi: move, blocked: move === 'go' && open ? 'còn mục chưa xong' : null }));
  };
  const refuse = (field: string, fault: string, remedy: string) => m.refuse(422, 'Một số ô cần sửa lại.', [{ field, fault, remedy }]);

  return [
    ['GET', /^\/scenarios$/, ({ q }) => m.list(scenarios.filter((s) => String(s.retired) === (q.get('retired') ?? 'false')), q, ['retired'])],
    ['POST', /^\/scenarios$/, ({ text, q }): ScenarioUpload => {
      const lines = text.split('\n');
      const bad = lines.flatMap((l, i) => (/weight:\s*-/.test(l) ? [{ line: i + 1, column: l.indexOf('weight') + 1, where: 'expectations[0].weight', rule: 'weight', en: 'A weight is a whole number from 1 to 100, not “-5”.', vi: 'Trọng số là số nguyên từ 1 đến 100, không phải “-5”.', remedy_en: 'Write weight: 5.', remedy_vi: 'Viết weight: 5.' }] : []));
      const warnings = lines.flatMap((l, i) => (l.startsWith('# TODO') ? [{ line: i + 1, column: 1, where: null, rule: 'todo', en: 'A note to oneself is left.', vi: 'Còn ghi chú cho mình.', remedy_en: null, remedy_vi: null }] : []));
      return { done: !bad.length && q.get('dry') !== 'true', id: bad.length ? null : 2, title: 'A new one', title_vi: 'Kịch bản mới', n_faults: bad.length, faults: bad, warnings };
    }],
    ['GET', /^\/scenarios\/(\d+)$/, ({ id }) => ({ ...m.find(scenarios, id), plan: m.state.permissions.includes('exercises.plan') ? plan : { ...plan, steps: [], injects: [], expectations: [], hints: [] } })],
    ['GET', /^\/scenarios\/(\d+)\/file$/, ({ id }) => new Bytes('scenario: coloa-scenario/1\n', `scenario-${id}.yaml`)],
    ['POST', /^\/scenarios\/(\d+)\/retire$/, ({ id, body }) => Object.assign(m.find(scenarios, id), { retired: body['retired'] })],
    ['GET', /^\/exercises$/, ({ q }) => m.list(exercises, q)],
    ['POST', /^\/exercises$/, ({ body }) => {
      if (String(body['title'] ?? '').trim().length < 5) throw refuse('title', 'Quá ngắn (ít hơn 5 ký tự).', 'Viết tên cuộc diễn tập.');
      if (Number(body['speed']) > 30_000) throw refuse('speed', 'Kịch bản này cho phép tối đa 30×.', 'Chọn 30 hoặc thấp hơn.');
      const e = row(++ids, `DT-2026-${ids}`, String(body['title']), 'draft', { kind: body['kind'] as 'replay', units: 0 });
      exercises.unshift(e);
      return e;
    }],
    ['POST', /^\/exercises\/solo$/, () => {
      m.state.drill = true;
      Object.assign(now, { solo: true });
      m.tell('exercise', 3);
      return exercises.find((e) => e.id === 3);
    }],
    ['GET', /^\/exercises\/(\d+)$/, ({ id }) => detail(m.find(exercises, id))],
    ['PATCH', /^\/exercises\/(\d+)$/, ({ id, body }) => detail(Object.assign(m.find(exercises, id), body))],
    ['GET', /^\/exercises\/(\d+)\/board$/, ({ id }) => board(m.find(exercises, id))],
    ['GET', /^\/exercises\/(\d+)\/results$/, ({ id, q }) => results(m.find(exercises, id), q.get('play'))],
    ['GET', /^\/exercises\/(\d+)\/comparison$/, () => ({ comparison: { refused: plays.length < 13 ? 'fewer than 30 units played' : null, refused_vi: 'có ít hơn 30 đơn vị tham gia', units: [] } })],
    ['POST', /^\/exercises\/(\d+)\/tasks$/, () => ({ id: 13 })],
    ['GET', /^\/exercises\/(\d+)\/(?:report|export|navigator)$/, ({ id }) => new Bytes('x', `exercise-${id}.bin`)],
    ['POST', /^\/exercises\/(\d+)\/units$/, ({ body }) => {
      for (const u of body['units'] as number[]) plays = [...plays, { play: ++ids, unit: u, unit_name: `Đơn vị mới ${u}`, state: 'invited', people: 0, roster: [], cast: null, consent: 'none' }];
    }],
    ['DELETE', /^\/exercises\/(\d+)\/units\/(\d+)$/, ({ sub }) => void (plays = plays.filter((p) => String(p.unit) !== sub))],
    ['PUT', /^\/exercises\/(\d+)\/units\/(\d+)\/roster$/, ({ sub, body }) => {
      const p = plays.find((x) => String(x.unit) === sub)!;
      const people = body['people'] as { person: number; role: string; deputy: boolean }[];
      Object.assign(p, { roster: people.map((r, i) => ({ id: i, person_name: data.people.find((x) => x.id === r.person)?.name ?? '?', ...r })), people: people.length });
    }],
    ['PUT', /^\/exercises\/(\d+)\/units\/(\d+)\/cast$/, ({ sub, body }) => {
      if ((body['hosts'] as { address: string | null }[]).some((h) => h.address === '203.0.113.70')) throw m.refuse(422, 'Một số ô cần sửa lại.', [{ field: 'hosts[0].address', fault: 'Là địa chỉ của kẻ tấn công trong kịch bản.', remedy: 'Dùng địa chỉ của máy mình.' }]);
      Object.assign(plays.find((x) => String(x.unit) === sub)!, { cast: body });
    }],
    ['POST', /^\/exercises\/(\d+)\/check$/, ({ body }) => void (checklist = checklist.map((c) => (c.id === body['item'] ? { ...c, done: !!body['done'], by: 'Nguyễn Thu Hà', why: (body['why'] as string) ?? null } : c)))],
    ['POST', /^\/exercises\/(\d+)\/injects$/, ({ body }) => {
      injects = [{ id: ++ids, title: String(body['title']), title_vi: null, t: (body['t'] as number) ?? clockOf().drill_ms, state: body['now'] ? 'sent' : 'waiting', delivered: body['now'] ? plays.length : 0, seen: 0, answered: 0, of: ((body['units'] as number[]) ?? plays).length }, ...injects];
      m.tell('inject', ids);
      return { id: ids };
    }],
    ['POST', /^\/exercises\/(?:\d+)\/injects\/(\d+)\/(send|postpone)$/, ({ id, sub }) => {
      injects = injects.map((i) => (String(i.id) !== id ? i : sub === 'send' ? { ...i, state: 'sent', t: clockOf().drill_ms, delivered: i.of } : { ...i, state: 'postponed', t: (i.t ?? 0) + 10 * MIN }));
      m.tell('inject', Number(id));
    }],
    ['POST', /^\/exercises\/(?:\d+)\/requests\/(\d+)\/answer$/, ({ id }) => {
      requests = requests.filter((r) => String(r.id) !== id);
      m.tell('exercise_request', Number(id));
    }],
    ['POST', /^\/exercises\/(\d+)\/(messages|notes)$/, () => ({ id: ++ids })],
    ['POST', /^\/exercises\/(\d+)\/appeals$/, ({ body }) => {
      appeals = [{ ...appeals[0]!, id: ++ids, play: Number(body['play']), text: String(body['text']), expectation: (body['expectation'] as string) ?? null, at: m.iso() }, ...appeals];
    }],
    ['POST', /^\/exercises\/(?:\d+)\/appeals\/(\d+)\/rule$/, ({ id, body }) => void (appeals = appeals.map((a) => (String(a.id) === id ? { ...a, state: body['state'] as 'upheld', ruling: String(body['text']), ruled_by: 'Nguyễn Thu Hà', ruled: m.iso() } : a)))],
    ['POST', /^\/exercises\/(\d+)\/(\w+)$/, ({ id, sub, body }) => {
      const e = m.find(exercises, id);
      if (sub === 'pause') set(() => ((running = false), (e.state = 'paused')));
      else if (sub === 'resume') set(() => ((running = true), (e.state = 'running')));
      else if (sub === 'speed') set(() => (speed = Number(body['speed'])));
      else if (sub === 'stop') set(() => ((running = false), (e.state = 'stopped')));
      else if (sub === 'checkpoint') checkpoints = [...checkpoints, { id: ++ids, name: String(body['name']), t: clockOf().drill_ms, at: m.iso() }];
      else if (sub === 'rewind') set(() => (base = checkpoints.find((c) => c.id === body['checkpoint'])!.t));
      else if (sub === 'publish') e.state = 'provisional';
      else if (sub === 'finish') e.state = 'final';
      else if (sub === 'touch') score++;
      else e.state = ({ invite: 'invited', rehearse: 'rehearsal', go: 'ready', start: 'running', end: 'ended' } as Record<string, Exercise['state']>)[sub] ?? e.state;
      if (sub === 'end') m.state.drill = false;
      m.tell('exercise', e.id);
      return e;
    }],
    ['GET', /^\/drill$/, () => (m.state.drill ? { ...now, invitations: [], clock: clockOf(), waiting: now.injects.filter((i) => i.answer && !i.answered).length } : { play: null, invitations: [{ exercise: 4, code: 'DT-2026-04', title: 'Cổng thông tin trước kỳ thi', starts: data.iso(data.START + 24 * HOUR), unit: 2, unit_name: 'Sông Thương', state: 'invited', text: 'Diễn tập thường niên.' }] })],
    ['POST', /^\/drill\/injects\/(\d+)\/(seen|answer)$/, ({ id, sub, body }) => {
      const i = m.find(now.injects, id);
      if (sub === 'seen') i.seen = m.iso();
      else Object.assign(i, { answered: m.iso(), answered_by: 'Nguyễn Thu Hà', choice: body['choice'] ?? null, said: body['text'] ?? null });
    }],
    ['POST', /^\/drill\/requests$/, ({ body }) => {
      now.requests = [...now.requests, { id: ++ids, kind: String(body['kind']), text: (body['text'] as string) ?? null, step: null, price: 0, t: clockOf().drill_ms, state: 'waiting', yes: null, answer: null, answer_vi: null, answered_t: null }];
      if (body['kind'] === 'hint') now.hints = now.hints.map((h) => ({ ...h, taken: true, text: 'Look at the mail gateway.', text_vi: 'Xem cổng thư.' }));
      return { id: ids };
    }],
    ['POST', /^\/drill\/control$/, ({ body }) => {
      const e = exercises.find((x) => x.id === 3)!;
      if (body['move'] === 'end') {
        e.state = 'ended';
        m.state.drill = false;
      } else set(() => (running = body['move'] === 'resume'));
    }],
    ['POST', /^\/exercises\/(\d+)\/units\/(\d+)\/(?:suggest|accept)$/, ({ sub }) => void Object.assign(plays.find((p) => String(p.unit) === sub)!, { roster: [{ id: 1, person: 1, person_name: 'Nguyễn Thu Hà', role: 'officer', deputy: false }], people: 1 })],
    ['POST', /^\/drill\/messages$/, ({ body }) => void (now.messages = [...now.messages, { id: ++ids, from_organiser: false, by_name: 'Nguyễn Thu Hà', text: String(body['text']), t: clockOf().drill_ms }])],
    ['POST', /^\/drill\/arrive$/, () => {
      now.injects = [...now.injects, { ...now.injects[1]!, id: ++ids, title_vi: 'Lệnh từ cấp trên', title: 'An order from above', t: clockOf().drill_ms, seen: null }];
      m.tell('inject', ids);
    }],
  ];
}
