// The mock node's desk: what reports, directives, recovery, settings and the rest answer. Kept apart from mock.ts by size
// only; the same rules hold.
import type { Problem, Report } from '../src/lib/types.ts';
import type { ReportDetail } from '../src/lib/types_reports.ts';
import * as data from './mock_data.ts';
import { exerciseDoes, type ExerciseState } from './mock_exercise.ts';
import { liveDoes, type LiveState } from './mock_live.ts';
import { playbooksDoes } from './mock_playbooks.ts';
import { recoverDoes } from './mock_recover.ts';
import { courierDoes, nightsDoes } from './mock_rest.ts';

export type Asked = { q: URLSearchParams; body: Record<string, unknown>; text: string; id: string; sub: string };
export type Does = [string, RegExp, (a: Asked) => unknown];
export interface Shared {
  now: () => number;
  iso: () => string;
  list: (all: readonly unknown[], q: URLSearchParams, special?: string[]) => unknown;
  find: <T extends { id: number }>(all: T[], id: string | undefined) => T;
  tell: (what: string, id: number) => void;
  refuse: (status: number, title: string, fields?: Problem['fields'], code?: string) => Error;
  reports: Report[];
}
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const FAULTS = 'Một số ô cần sửa lại.';
/* A file in the answer. */
export class Bytes {
  text: string;
  name: string;
  type: string;
  constructor(text: string, name: string, type = 'application/octet-stream') {
    this.text = text;
    this.name = name;
    this.type = type;
  }
}
const names = (all: [string, string, string][]) => all.map(([id, en, vi]) => ({ id, en, vi }));
const regime = {
  id: 'vn-2026', name: 'Vietnam 2026', name_vi: 'Việt Nam 2026', country: 'VN', from: '2026-07-01', until: null, zone: '+07:00', in_force: true, notice: 'The circulars were still pending.', notice_vi: 'Các thông tư còn chưa ban hành.', laws: [], questions: [], serious: null, periodic: [], severity: [], levels: [], levels_basis: null,
  recipients: names([['agency', 'the specialised agency', 'lực lượng chuyên trách'], ['personal', 'the personal-data agency', 'cơ quan bảo vệ dữ liệu cá nhân'], ['owner', 'the owner of the system', 'chủ quản hệ thống']]),
  kinds: names([['denial', 'Denial of service', 'Từ chối dịch vụ'], ['phishing', 'Spoofing or phishing', 'Giả mạo, lừa đảo'], ['malware', 'Malware', 'Mã độc'], ['access', 'Unauthorised access or takeover', 'Truy cập trái phép, chiếm quyền'], ['defacement', 'Defacement', 'Thay đổi giao diện'], ['ransomware', 'Encryption of data', 'Mã hoá dữ liệu'], ['destruction', 'Destruction', 'Phá hoại'], ['espionage', 'Eavesdropping, spying, theft', 'Nghe trộm, gián điệp, lấy cắp'], ['combined', 'Combined', 'Tổng hợp nhiều hình thức'], ['other', 'Other', 'Khác']]),
  harms: names([['none', 'None yet', 'Chưa có'], ['limited', 'Limited', 'Hạn chế'], ['considerable', 'Considerable', 'Đáng kể'], ['grave', 'Grave', 'Rất lớn']]),
  activities: [], clocks: [], reports: [],
};

function reportsOf(m: Shared): Does[] {
  const texts: Record<string, string | null> = {};
  const file = (f: [string, string, string, boolean, 'line' | 'text' | 'time', string | null, boolean]) => ({ name: f[0], title: f[1], title_vi: f[2], must: f[3], kind: f[4], basis: 'TT 20/2017, mẫu 03', value: f[0] in texts ? (texts[f[0]] ?? null) : f[5], filled: f[6] && !(f[0] in texts) });
  const fields = () => [
    file(['reporter', 'Reporter', 'Người báo cáo', true, 'line', 'Nguyễn Thu Hà, Trung tâm Giám sát', true]), file(['operator', 'Operator', 'Đơn vị vận hành', true, 'line', 'BV Đa khoa Sông Thương', true]), file(['system', 'System and addresses', 'Hệ thống, tên miền, địa chỉ', false, 'line', 'HIS khám chữa bệnh, 10.64.3.0/24', true]),
    file(['detected', 'Time of detection', 'Thời điểm phát hiện', true, 'time', data.iso(data.START - 9_055_000), true]), file(['summary', 'Summary', 'Tóm tắt sự cố', true, 'text', 'Mã hoá 2.140 tệp trên SRV-HIS-02, bắt đầu lúc 00:41.', false]), file(['os', 'Operating system and version', 'Hệ điều hành và phiên bản', true, 'line', null, false]),
    file(['notified', 'Already notified', 'Đã thông báo cho', true, 'text', null, false]), file(['support', 'Support asked for', 'Đề nghị hỗ trợ', true, 'text', null, false]), file(['purpose', 'Purpose of the system', 'Mục đích sử dụng', false, 'line', null, false]),
  ];
  const detail = (r: Report): ReportDetail => {
    const all = fields();
    const missing = r.state === 'draft' ? all.filter((f) => f.must && !f.value) : [];
    Object.assign(r, { missing: missing.length, missing_fields: missing.map((f) => ({ name: f.name, text: f.title, text_vi: f.title_vi })) });
    return {
      ...r, to: 'agency', to_name: 'the specialised agency', to_name_vi: 'lực lượng chuyên trách', lang: 'vi', writer: 'Trần Quốc Bảo', written: data.iso(data.START - HOUR), basis: 'NĐ 331/2026, 31.2.d', checked: 'reported', official: false, notice: 'There is no official form yet.', notice_vi: 'Chưa có mẫu chính thức.', subject: '[TBSC] SC-2026-0147', hash: '9f2c41ae'.repeat(8), fields: all,
      versions: Array.from({ length: r.version }, (_, i) => ({ n: i + 1, at: data.iso(data.START - (r.version - i) * HOUR), by: i ? 'Trần Quốc Bảo' : null, hash: `${i}b7c41ae`.repeat(8), note: i ? 'bổ sung phạm vi' : null })), mine: false, may_sign: r.state === 'signing' && !r.signatures.some((s) => s.name === 'Nguyễn Thu Hà'),
      sent: r.state === 'sent' ? { how: 'mail', to: 'tiepnhan@coquan.example', at: data.iso(data.START - DAY), by: 'Phan Văn Tuấn', proof: null, mail: 3, mail_state: 'sent' } : null,
    };
  };
  const fresh = (r: Report, body: Record<string, unknown>) => {
    if (body['version'] !== r.version) throw m.refuse(409, 'Đã có bản mới hơn.', undefined, 'stale');
  };
  return [
    ['GET', /^\/reports$/, ({ q }) => m.list(m.reports, q, ['open'])],
    ['GET', /^\/reports\/kinds$/, () => ({ items: [['initial', 'Initial report, 24 h', 'Báo cáo ban đầu, 24 giờ', 47], ['findings', 'Cause, scope, remedy, 72 h', 'Nguyên nhân, phạm vi, khắc phục, 72 giờ', null], ['final', 'Final report', 'Báo cáo kết thúc', null]].map(([kind, title, title_vi, report]) => ({ kind, title, title_vi, report, basis: 'NĐ 331/2026, 31.2.d', checked: 'reported', official: false, due: data.iso(data.START + 21 * HOUR), clock: 2, to: 'agency' })) })],
    ['GET', /^\/reports\/periodic$/, () => ({ items: [{ id: 'annual', title: 'Annual report', title_vi: 'Báo cáo năm', basis: 'NĐ 331/2026, 35.4', before: '12-20', due: data.iso(data.START + 31 * DAY), to: 'owner', year: 2026, report: null }] })],
    ['GET', /^\/reports\/(\d+)$/, ({ id }) => detail(m.find(m.reports, id))],
    ['POST', /^\/reports$/, ({ body }) => {
      const r: Report = { ...m.reports[1]!, id: 60 + m.reports.length, code: 'BC-2026-0060', kind: String(body['kind'] ?? body['periodic']), title: 'Cause, scope, remedy', title_vi: 'Nguyên nhân, phạm vi, khắc phục', state: 'draft', signatures: [], version: 1 };
      m.reports.push(r);
      return detail(r);
    }],
    ['PUT', /^\/reports\/(\d+)$/, ({ id, body }) => {
      const r = m.find(m.reports, id);
      fresh(r, body);
      for (const f of body['fields'] as { name: string; value: string | null }[]) {
        if (f.name === 'detected' && f.value && !Number.isFinite(Date.parse(f.value))) throw m.refuse(422, FAULTS, [{ field: 'detected', fault: 'Không phải thời điểm.', remedy: 'Viết như 00:41 18/11/2026.' }]);
        texts[f.name] = f.value;
      }
      r.version++;
      return detail(r);
    }],
    ['POST', /^\/reports\/(\d+)\/(submit|fill|drop|reopen|sign|send|hand)$/, ({ id, sub, body }) => {
      const r = m.find(m.reports, id);
      const before = detail(r);
      if (sub === 'submit' || sub === 'fill') fresh(r, body);
      if (sub === 'submit') {
        if (before.missing) throw m.refuse(422, 'Còn thiếu mục bắt buộc.', before.missing_fields.map((f) => ({ field: f.name, fault: 'Bắt buộc, còn trống.', remedy: 'Điền rồi trình lại.' })), 'missing');
        r.state = 'signing';
      } else if (sub === 'reopen') Object.assign(r, { state: 'draft', signatures: [] });
      else if (sub === 'drop') r.state = 'dropped';
      else if (sub === 'sign') {
        if (body['code'] !== '123456') throw m.refuse(422, 'Mã không đúng.', [{ field: 'code', fault: 'Mã không đúng hoặc đã dùng.', remedy: 'Đợi mã kế tiếp rồi nhập lại.' }]);
        r.signatures = [...r.signatures, { name: 'Nguyễn Thu Hà', at: m.iso() }];
        if (r.signatures.length >= 2) r.state = 'signed';
      } else if (sub === 'send') {
        const bad = (body['to'] as string[]).find((a) => !a.includes('@'));
        if (bad) throw m.refuse(422, FAULTS, [{ field: 'to[0]', fault: `“${bad}” không phải địa chỉ thư.`, remedy: 'Viết như tiepnhan@coquan.example.' }]);
        r.state = 'sent';
      } else if (sub === 'hand') r.state = 'sent';
      m.tell('report', r.id);
      return detail(r);
    }],
    ['GET', /^\/reports\/(\d+)\/(file|signature)$/, ({ id, q }) => new Bytes('%PDF-1.7', `BC-${id}.${q.get('format')}`)],
  ];
}

export function deskDoes(m: Shared & { state: ExerciseState & LiveState }): Does[] {
  return [
    ['GET', /^\/regimes\/(current|vn-2026)$/, () => regime],
    ['GET', /^\/regimes$/, () => ({ items: [regime] })],
    ...reportsOf(m),
    ...nightsDoes(m),
    ...courierDoes(m),
    ...recoverDoes(m),
    ...playbooksDoes(m),
    ...liveDoes(m),
    ...exerciseDoes(m),
  ];
}
