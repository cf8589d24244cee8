// The mock node's desk, second part: handover, settings, what leaves, directives.
import type { Directive, DirectiveDetail, Outgoing } from '../src/lib/types_courier.ts';
import type { Exception, HandoverDocument, OpeningRule, SettingItem } from '../src/lib/types_nights.ts';
import * as data from './mock_data.ts';
import { Bytes, type Does, type Shared } from './mock_desk.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const FAULTS = 'Một số ô cần sửa lại.';

export function nightsDoes(m: Shared): Does[] {
  const doc = (): HandoverDocument => ({
    unit: 1, unit_name: 'Toàn ngành', from: data.iso(data.START - 5 * HOUR), to: m.iso(), items: data.timeline.slice(0, 4).map((e) => ({ at: e.at, text: e.text, text_vi: e.text_vi, incident: 147, incident_code: 'SC-2026-0147' })),
    opened: [{ id: 147, code: 'SC-2026-0147', title: 'Mã hoá dữ liệu tại BV Đa khoa Sông Thương', severity: 'critical', state: 'containing', serious: 'yes', lead_name: 'Lê Minh Khôi', next_due: data.clocks[1]!.due }], closed: [],
    moved: [{ at: data.iso(data.START - 2 * HOUR), incident: 147, incident_code: 'SC-2026-0147', text: 'Declared', text_vi: 'Đã xác lập' }], waiting: [{ kind: 'task', id: 3, code: null, title: 'Chọn bản sao lưu sạch', title_vi: null, due: data.iso(data.START - HOUR), owner_name: null }],
    deadlines: data.clocks.slice(0, 2), next_until: data.iso(data.START + 8 * HOUR), silent: data.silent, containment: [{ id: 309, code: 'NC-0309', targets: 'KT-PC-07', state: 'in_force', until: data.iso(data.START + HOUR / 3), incident: 147, incident_code: 'SC-2026-0147' }], decisions: data.decisions,
    alerts: { new: 23, by_severity: { critical: 2, high: 6, medium: 9, low: 5, info: 1 }, oldest: data.iso(data.START - 3 * HOUR) }, open: { alerts: 23, tasks: 11, actions: 2, incidents: 3 }, previous: { id: 2, at: data.iso(data.START - 9 * HOUR), by_name: 'Trần Quốc Bảo', acknowledged_by_name: 'Nguyễn Thu Hà' },
  });
  const handovers: Record<string, unknown>[] & { id: number }[] = [
    { id: 3, unit: 1, unit_name: 'Toàn ngành', from: data.iso(data.START - 9 * HOUR), to: data.iso(data.START - 5 * HOUR), at: data.iso(data.START - 5 * HOUR), by: 2, by_name: 'Trần Quốc Bảo', text: 'fw-bien-haiau im từ 01:06: đã gọi anh Sơn, chưa nghe máy.', for: 1, for_name: 'Nguyễn Thu Hà', state: 'waiting', acknowledged_at: null, acknowledged_by_name: null, acknowledged_text: null },
    { id: 2, unit: 1, unit_name: 'Toàn ngành', from: data.iso(data.START - 17 * HOUR), to: data.iso(data.START - 9 * HOUR), at: data.iso(data.START - 9 * HOUR), by: 1, by_name: 'Nguyễn Thu Hà', text: '', for: null, for_name: null, state: 'acknowledged', acknowledged_at: data.iso(data.START - 9 * HOUR + 300_000), acknowledged_by_name: 'Trần Quốc Bảo', acknowledged_text: 'Đã rõ.' },
  ];
  const settings: SettingItem[] = (
    [
      ['agency_name_vi', 'agency', 'text', 'Sở mẫu', '', null, null, null, null, 'Name of the agency, Vietnamese', 'Tên cơ quan'], ['default_lang', 'agency', 'enum', 'vi', 'vi', null, null, ['vi', 'en'], null, 'Language of new people and mails', 'Ngôn ngữ mặc định'],
      ['session_idle_s', 'session', 'int', 1800, 1800, 300, 28_800, null, 's', 'A session ends after so long idle', 'Phiên kết thúc khi không dùng'], ['deadline_warn_h', 'deadlines', 'int', 4, 4, 1, 72, null, 'h', 'Warn before a legal deadline', 'Cảnh báo trước hạn luật'], ['opening_enabled', 'alerts', 'bool', true, true, null, null, null, null, 'Opening rules work', 'Quy tắc tự lập sự cố được bật'],
    ] as const
  ).map((x) => ({ name: x[0], group: x[1], type: x[2], value: x[3], default: x[4], min: x[5], max: x[6], values: x[7] as string[] | null, unit: x[8], en: x[9], vi: x[10], changed_at: null, changed_by_name: null }));
  let version = 3;
  const answer = () => ({ version, items: settings, configuration: [{ name: 'retain.events', value: '365 days' }, { name: 'listen[syslog-tcp].name', value: 'syslog-tcp' }, { name: 'listen[syslog-tcp].protocol', value: 'syslog-tcp' }, { name: 'listen[syslog-tcp].address', value: '127.0.0.1:5514' }, { name: 'listen[bulk].protocol', value: 'bulk' }, { name: 'listen[bulk].address', value: '127.0.0.1:9200' }, { name: 'console.listen', value: '127.0.0.1:8600' }] });
  const exceptions: Exception[] = [
    { id: 12, key: '#12', origin: 'desk', state: 'active', rule: 'rule-1006', rule_title: 'Port scan from an inside host', rule_title_vi: 'Quét cổng từ máy nội bộ', by: [{ field: 'host', value: 'SCAN-01' }], text: 'Máy quét lỗ hổng của trung tâm', owner: 3, owner_name: 'Lê Minh Khôi', reason: 'expected', until: data.iso(data.START + 3 * DAY), made_at: data.iso(data.START - 20 * DAY), made_by_name: 'Lê Minh Khôi', ended_at: null, ended_by_name: null, alert: 31, unit_name: 'Toàn ngành', count: 1204, last: data.iso(data.START - HOUR) },
    { id: 13, key: 'sao-luu', origin: 'file', state: 'active', rule: 'rule-1002', rule_title: null, rule_title_vi: null, by: [{ field: 'host', value: 'BKP-01' }], text: 'Sao lưu định kỳ', owner: null, owner_name: null, reason: null, until: data.iso(data.START + 90 * DAY), made_at: null, made_by_name: null, ended_at: null, ended_by_name: null, alert: null, unit_name: null, count: 7, last: null },
  ];
  const opening: OpeningRule[] = [{ id: 1, name: 'Mã hoá dữ liệu', unit: 1, unit_name: 'Toàn ngành', match: 'tag', value: 'attack.t1486', severity: 'high', level: 3, kind: 'ransomware', per_hour: 5, active: true, opened: 2, held: 0, last: data.iso(data.START - 2 * HOUR), version: 1 }];
  return [
    ['GET', /^\/handover$/, () => doc()],
    ['GET', /^\/handovers$/, ({ q }) => m.list(handovers, q)],
    ['GET', /^\/handovers\/(\d+)$/, ({ id }) => ({ ...m.find(handovers, id), document: doc() })],
    ['POST', /^\/handovers$/, ({ body }) => {
      const h = { ...handovers[0]!, id: 4 + handovers.length, by: 1, by_name: 'Nguyễn Thu Hà', text: String(body['text']), for: null, for_name: null, at: m.iso() };
      handovers.unshift(h);
      return h;
    }],
    ['POST', /^\/handovers\/(\d+)\/acknowledge$/, ({ id, body }) => Object.assign(m.find(handovers, id), { state: 'acknowledged', acknowledged_at: m.iso(), acknowledged_by_name: 'Nguyễn Thu Hà', acknowledged_text: body['text'] ?? null })],
    ['GET', /^\/incidents\/(\d+)\/guests$/, ({ q }) => m.list([{ id: 1, person: 40, name: 'Đinh Gia Huy', email: 'huy@don-vi-ban.example', organisation: 'Trung tâm Ứng cứu bạn', tlp: 'amber', since: data.iso(data.START - DAY), until: data.iso(data.START + 10 * DAY), state: 'active', given_by_name: 'Lê Minh Khôi' }], q)],
    ['POST', /^\/incidents\/(\d+)\/guests$/, () => ({ id: 2, one_time: 'sông-mây-tre-biển-58' })],
    ['GET', /^\/duty$/, ({ q }) => m.list([{ id: 1, unit: 1, unit_name: 'Toàn ngành', person: 1, person_name: 'Nguyễn Thu Hà', phone: '4101', since: data.iso(data.START - 5 * HOUR), until: data.iso(data.START + 3 * HOUR), note: '' }], q, ['since.lt', 'until.gte'])],
    ['POST', /^\/duty$/, () => ({ id: 2 })],
    ['DELETE', /^\/duty\/(\d+)$/, () => undefined],
    ['GET', /^\/sessions$/, ({ q }) => m.list([{ id: 1, created: data.iso(data.START - HOUR), last: data.iso(data.START - 60_000), address: '10.64.0.12', current: true }, { id: 2, created: data.iso(data.START - DAY), last: data.iso(data.START - 5 * HOUR), address: '10.64.0.40', current: false }], q)],
    ['GET', /^\/tokens$/, ({ q }) => m.list([{ id: 1, name: 'Bảng theo dõi', permissions: 'alerts.read', created: data.iso(data.START - DAY), until: data.iso(data.START + 90 * DAY), last: null }], q)],
    ['GET', /^\/incidents\/(\d+)\/(stix|iodef)$/, () => new Bytes('{}', 'sc.json')],
    ['GET', /^\/settings$/, () => answer()],
    ['PATCH', /^\/settings$/, ({ body }) => {
      const idle = body['session_idle_s'];
      if (idle !== undefined && (typeof idle !== 'number' || idle < 300)) throw m.refuse(422, FAULTS, [{ field: 'session_idle_s', fault: 'Phải từ 300 tới 28800.', remedy: 'Ghi số giây.' }]);
      for (const s of settings) if (s.name in body) Object.assign(s, { value: body[s.name], changed_at: m.iso(), changed_by_name: 'Nguyễn Thu Hà' });
      version++;
      return answer();
    }],
    ['GET', /^\/exceptions$/, ({ q }) => m.list(exceptions, q)],
    ['POST', /^\/exceptions\/(\d+)\/end$/, ({ id }) => Object.assign(m.find(exceptions, id), { state: 'ended', ended_at: m.iso(), ended_by_name: 'Nguyễn Thu Hà' })],
    ['GET', /^\/opening-rules$/, ({ q }) => m.list(opening, q)],
    ['POST', /^\/opening-rules$/, ({ body }) => {
      const r = { ...opening[0]!, ...body, id: 10 + opening.length, opened: 0, last: null } as OpeningRule;
      opening.push(r);
      return r;
    }],
    ['PATCH', /^\/opening-rules\/(\d+)$/, ({ id, body }) => Object.assign(m.find(opening, id), body)],
    ['DELETE', /^\/opening-rules\/(\d+)$/, ({ id }) => void opening.splice(opening.indexOf(m.find(opening, id)), 1)],
  ];
}

export function courierDoes(m: Shared): Does[] {
  const outgoing: Outgoing[] = (
    [[9, 'mail', 'queued', 'khoi.lm@coquan.example', 'Hạn luật còn 53 phút: SC-2026-0145'], [8, 'mail', 'failed', 'tiepnhan@coquan.example', '[TBSC] SC-2026-0147'], [7, 'webhook', 'sent', 'tuong-lua-bien', 'Chặn 203.0.113.64/28'], [3, 'mail', 'sent', 'tiepnhan@coquan.example', '[TBSC] SC-2026-0139']] as const
  ).map(([id, kind, state, to, subject]) => ({ id, kind, state, to, subject, about: id === 9 ? 'SC-2026-0145' : 'SC-2026-0147', incident: id === 9 ? 145 : 147, unit: 1, created: data.iso(data.START - id * 600_000), created_by_name: id === 9 ? null : 'Phan Văn Tuấn', due: state === 'queued' ? data.iso(data.START + 60_000) : null, tries: state === 'failed' ? 12 : 1, last_try: data.iso(data.START - 300_000), last_error: state === 'failed' ? '550 5.1.1 no such mailbox' : null, sent: state === 'sent' ? data.iso(data.START - id * 500_000) : null, drill: false, files: kind === 'mail' ? 4 : 0 }));
  let warnings = { deadline_mail: true, deadline_webhook: false, critical_mail: true, digest_hour: 7 as number | null, reminder_hours: 24 as number | null };
  const base: Directive = { id: 3, code: 'CD-2026-0003', kind: 'order', severity: 'critical', title: 'Vá máy chủ thư trước 12:00 ngày 19/11', text: 'Vá bản cập nhật tháng 11 trên mọi máy chủ thư hướng ra Internet; rà các dấu hiệu kèm theo trong 30 ngày gần nhất.\nBáo kết quả tại đây.', tlp: 'amber', state: 'issued', unit: 1, unit_name: 'Toàn ngành', incident: 147, incident_code: 'SC-2026-0147', created: data.iso(data.START - 2 * DAY), created_by_name: 'Lê Minh Khôi', issued: data.iso(data.START - 2 * DAY), issued_by_name: 'Lê Minh Khôi', due: data.iso(data.START - HOUR), rules: true, indicators: true, units: 3, acknowledged: 2, done: 1, overdue: 1, mine: 1, version: 2 };
  const directives: Directive[] = [base, { ...base, id: 4, code: 'CD-2026-0004', kind: 'advisory', severity: 'medium', title: 'Cảnh giác thư giả mạo cơ quan thuế', state: 'draft', issued: null, issued_by_name: null, due: null, rules: false, indicators: false, units: 2, acknowledged: 0, done: 0, overdue: 0, mine: 0 }];
  const answers = new Map<string, string>();
  const detail = (d: Directive): DirectiveDetail => ({
    ...d, rules_text: d.rules ? 'title: Mail server starts a shell\nlogsource: {category: process_creation}\ndetection:\n  s: {ParentImage|endswith: w3wp.exe}\n  condition: s' : null, indicators_text: d.indicators ? '203.0.113.70\nkhoa.example' : null, checked: d.rules ? 'good: 1 rule, 2 indicators' : null,
    answers: [['BV Đa khoa Sông Thương', 3, 'done'], ['Cảng vụ Hải Âu', 6, 'acknowledged'], ['Trung tâm Giám sát', 2, answers.get('2') ?? 'open']].slice(0, d.units).map(([unit_name, unit, state]) => ({ unit: Number(unit), unit_name: String(unit_name), state: state as 'open', overdue: d.state === 'issued' && (state === 'open' || state === 'acknowledged'), acknowledged: state === 'open' ? null : data.iso(data.START - DAY), acknowledged_by_name: state === 'open' ? null : 'Vũ Hoàng Yến', done: state === 'done' ? data.iso(data.START - HOUR * 5) : null, done_by_name: state === 'done' ? 'Đặng Văn Lợi' : null, proof: state === 'done' ? 'Đã vá 2 máy, ảnh chụp phiên bản trong SC-2026-0147/E3.' : null, evidence: null, reminded: data.iso(data.START - HOUR), reminders: state === 'acknowledged' ? 2 : 0, mine: unit === 2 })),
  });
  return [
    ['GET', /^\/outgoing\/status$/, () => ({ up: true, mail: true, webhooks: ['tuong-lua-bien'], queued: 1, failed: 1, held: 0, oldest: data.iso(data.START - 90 * 60_000), last_error: '550 5.1.1 no such mailbox', last_error_at: data.iso(data.START - 300_000) })],
    ['GET', /^\/outgoing\/settings$/, () => warnings],
    ['PUT', /^\/outgoing\/settings$/, ({ body }) => {
      if (body['digest_hour'] !== null && (typeof body['digest_hour'] !== 'number' || body['digest_hour'] > 23)) throw m.refuse(422, FAULTS, [{ field: 'digest_hour', fault: 'Phải từ 0 tới 23.', remedy: 'Ghi giờ trong ngày.' }]);
      return (warnings = body as typeof warnings);
    }],
    ['POST', /^\/outgoing\/test$/, () => ({ id: 10 })],
    ['GET', /^\/outgoing$/, ({ q }) => m.list(outgoing, q)],
    ['GET', /^\/outgoing\/(\d+)$/, ({ id }) => ({ ...m.find(outgoing, id), body: 'Kính gửi cơ quan chuyên trách,\nBáo cáo ban đầu của SC-2026-0147 kèm theo.', message_id: `<${id}.0147@coquan.example>` })],
    ['POST', /^\/outgoing\/(\d+)\/(retry|cancel)$/, ({ id, sub }) => Object.assign(m.find(outgoing, id), { state: sub === 'retry' ? 'queued' : 'cancelled' })],
    ['GET', /^\/directives$/, ({ q }) => m.list(directives, q)],
    ['GET', /^\/directives\/(\d+)$/, ({ id }) => detail(m.find(directives, id))],
    ['POST', /^\/directives$/, ({ body }) => {
      const fields = [];
      if (!String(body['title'] ?? '').trim()) fields.push({ field: 'title', fault: 'Cần điền tiêu đề.', remedy: 'Viết việc phải làm, ngắn gọn.' });
      if (!(body['units'] as number[]).length) fields.push({ field: 'units', fault: 'Chưa chọn đơn vị nào.', remedy: 'Chọn ít nhất một.' });
      if (fields.length) throw m.refuse(422, FAULTS, fields);
      const d = { ...directives[1]!, ...body, id: 20 + directives.length, code: 'CD-2026-0005', units: (body['units'] as number[]).length } as Directive;
      directives.push(d);
      return d;
    }],
    ['PATCH', /^\/directives\/(\d+)$/, ({ id, body }) => detail(Object.assign(m.find(directives, id), { title: body['title'], text: body['text'] }))],
    ['POST', /^\/directives\/(\d+)\/(issue|withdraw|remind|acknowledge|answer)$/, ({ id, sub, body }) => {
      const d = m.find(directives, id);
      if (sub === 'issue') Object.assign(d, { state: 'issued', issued: m.iso(), issued_by_name: 'Nguyễn Thu Hà' });
      if (sub === 'withdraw') d.state = 'withdrawn';
      if (sub === 'acknowledge') answers.set('2', 'acknowledged');
      if (sub === 'answer') {
        if (String(body['proof']).length < 5) throw m.refuse(422, FAULTS, [{ field: 'proof', fault: 'Ít hơn 5 ký tự.', remedy: 'Ghi đã làm gì, ở đâu.' }]);
        answers.set('2', String(body['state']));
      }
      return detail(d);
    }],
    ['GET', /^\/directives\/(\d+)\/(rules|indicators)$/, () => new Bytes('203.0.113.70\n', 'indicators.txt')],
  ];
}
