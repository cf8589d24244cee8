// The mock node's search: lines of JSON, names masked unless an incident is named, kept searches, unmaskings, and one
// alert's records with marks.
import type { Alert, Problem, SavedSearch, Unmasking } from '../src/lib/types.ts';
import * as data from './mock_data.ts';
import { Bytes, type Does, type Shared } from './mock_desk.ts';

interface Of extends Pick<Shared, 'list' | 'find' | 'iso' | 'tell'> {
  alerts: () => Alert[];
  refuse: (status: number, title: string, fields?: Problem['fields'], code?: string) => Error;
}
const DAY = 86_400_000;
const PEOPLE = ['ng.binh', 'tr.hoa', 'le.minh', 'ph.lan'];
const CODES = ['7K3F2M', 'TW1Z26', 'Q5FDDX', 'CZ7BR4'];
const plain = (s: unknown) => String(s ?? '').normalize('NFD').replace(/[\u0300-\u036f]/g, '').replace(/đ/gi, 'd').toLowerCase();

export function searchDoes(m: Of): Does[] {
  const at = (ms: number) => data.iso(data.START + ms);
  const saved: SavedSearch[] = [
    { id: 1, name: 'Đăng nhập hỏng trong đêm', q: 'EventID:4625 | count by host', span_s: 43_200, shared: true, unit: 1, unit_name: 'Toàn ngành', by_name: 'Lê Minh Khôi', mine: false, created: at(-9 * DAY), version: 1 },
    { id: 2, name: 'PowerShell mã hoá', q: 'CommandLine:*-enc*', span_s: 86_400, shared: false, unit: 2, unit_name: 'Trung tâm Giám sát', by_name: 'Nguyễn Thu Hà', mine: true, created: at(-2 * DAY), version: 1 },
  ];
  const one = (id: number, more: Partial<Unmasking>): Unmasking => ({
    id, code: 'BC-' + String(id).padStart(4, '0'), incident: 147, incident_code: 'SC-2026-0147', unit: 3, by: 1, by_name: 'Nguyễn Thu Hà', reason: 'Xác định tài khoản bị chiếm', q: 'user:ng.binh', from: at(-DAY), to: at(0), state: 'active', asked: at(-3_600_000), decided: null, approver: null, approver_name: null, note: null, expires: at(23 * 3_600_000), uses: 2, last_used: at(-600_000), mine: true, ...more,
  });
  const unmaskings = [
    one(7, { by: 2, by_name: 'Trần Quốc Bảo', mine: false, state: 'waiting', from: at(-21 * DAY), reason: 'Tìm lần đăng nhập lạ đầu tiên', expires: null, uses: 0, last_used: null, asked: at(-900_000) }),
    one(6, {}),
    one(5, { state: 'expired', by: 3, by_name: 'Lê Minh Khôi', mine: false, asked: at(-4 * DAY), expires: at(-3 * DAY), uses: 5 }),
  ];
  const events = () =>
    m.alerts().flatMap((a) => Array.from({ length: 6 }, (_, i) => ({ a, i, seq: 88_140_000 + a.id * 10 + i, time: data.iso(Date.parse(a.raised) + i * 41_000), who: (a.id + i) % 4 })))
      .sort((x, y) => (x.time < y.time ? 1 : -1));

  function run(body: Record<string, unknown>): Bytes {
    const q = String(body['q'] ?? ''), masked = !body['incident'];
    const field = (name: string, fault: string, remedy: string) => [{ field: name, fault, remedy }];
    if (q.includes('(') && !q.includes(')')) throw m.refuse(422, 'Một số trường cần xem lại', field('q', 'dấu ngoặc không được đóng', 'xem doc/search.vi.md'), 'fields');
    if (masked && (/user:\w/.test(q) || PEOPLE.some((p) => q.includes(p)))) throw m.refuse(403, 'Không được phép', field('q', 'quy về tài khoản của một người', 'ghi số sự cố cần đến, hoặc hỏi chung mọi tài khoản'), 'incident_needed');
    if (!masked && Date.parse(String(body['from'] ?? 0)) < data.START - 7 * DAY) throw m.refuse(409, 'Cần duyệt', undefined, 'approval_needed');
    if (q.includes('busy')) throw m.refuse(429, 'Quá nhiều yêu cầu', undefined, 'searching');
    const [words = '', pipe = ''] = q.split('|').map((x) => x.trim());
    const want = plain(words).replace(/user:\S+/g, '').replace(/\w+:/g, '').replace(/["*]/g, '').split(/\s+/).filter((w) => w && w !== 'slow' && w !== 'cut' && w !== 'left');
    const name = (i: number) => (masked ? 'người-' + CODES[i] : PEOPLE[i]!);
    const hit = events().filter((e) => want.every((w) => plain(`${e.a.host} ${e.a.title} ${e.a.source} failed`).includes(w)));
    const out: object[] = [{ kind: 'begin', masked, pipes: pipe.startsWith('count') ? 'count' : pipe.startsWith('timeline') ? 'timeline' : 'events', columns: pipe.startsWith('count by') ? pipe.slice(9).split(/,\s*/) : [], from: body['from'] ?? null, to: body['to'] ?? null }];
    const numbers = { found: hit.length, records: 1_204_551, bytes: 612_032_839, seconds: 0.8 };
    out.push({ kind: 'progress', ...numbers, found: Math.min(hit.length, 20) });
    let state = 'done';
    if (pipe.startsWith('count')) {
      const sums = new Map<string, number>();
      for (const e of hit) {
        const key = pipe.includes('user') ? name(e.who) : (e.a.host ?? '');
        sums.set(key, (sums.get(key) ?? 0) + 1);
      }
      for (const [v, count] of [...sums].sort((x, y) => y[1] - x[1])) out.push({ kind: 'row', values: [v], count });
    } else if (pipe.startsWith('timeline')) {
      const sums = new Map<number, number>();
      for (const e of hit) {
        const b = Math.floor(Date.parse(e.time) / 600_000) * 600_000;
        sums.set(b, (sums.get(b) ?? 0) + 1);
      }
      for (const [b, count] of [...sums].sort((x, y) => x[0] - y[0])) out.push({ kind: 'bucket', time: data.iso(b), count });
    } else {
      const limit = Number(body['limit'] ?? 500);
      for (const e of hit.slice(0, limit))
        out.push({ kind: 'event', seq: e.seq, at: 0, time: e.time, received: e.time, source: e.a.source ?? 'coloa', host: e.a.host, user: name(e.who), text: `<38>${e.time} ${e.a.host ?? 'coloa'} audit[${700 + e.i}]: ${e.a.title}; user=SONGTHUONG\\${name(e.who)} src=${masked ? 'địa-chỉ-BRHT0R' : '203.0.113.6' + e.i}`, fields: { 'host.name': e.a.host ?? '', 'user.name': name(e.who), message: e.a.title } });
      if (hit.length > limit) state = 'limit';
    }
    if (q.includes('cut')) state = 'cut';
    out.push({ kind: 'end', state, ...numbers, lost: 0, left_out: q.includes('left') ? 12 : 0, others: 0, dropped: 0 });
    return new Bytes(out.map((x) => JSON.stringify(x)).join('\n') + '\n', '', 'application/x-ndjson');
  }
  function records(id: string): unknown {
    const a = m.find(m.alerts(), id), masked = !a.incident, kept = data.detail(a);
    if (kept.events[0]?.marks.length) return { masked, missing: [], why: kept.why, events: kept.events.map((e) => ({ ...e, raw_as: 'text', cut: false })) };
    const seq = kept.events[0]?.seq ?? 1;
    const who = masked ? 'người-7K3F2M' : 'ng.binh';
    const line = `C:\\Users\\${who}\\AppData\\evil.exe --all`;
    const raw = JSON.stringify({ EventID: 1, Computer: a.host, User: 'SONGTHUONG\\' + who, Image: `C:\\Users\\${who}\\AppData\\evil.exe`, CommandLine: line });
    const size = (s: string) => new TextEncoder().encode(s).length;
    const mark = (what: string, from: number, n: number) => ({ from: size(raw.slice(0, raw.indexOf(what, from))), to: size(raw.slice(0, raw.indexOf(what, from))) + size(what), n });
    const why = (n: number, name: string, op: string, value: string, en: string, vi: string) => ({ n, field: name, op, value, text_en: `${name} ${en} "${value}"`, text_vi: `${name} ${vi} "${value}"` });
    return {
      masked, missing: [],
      why: [why(1, 'Image', 'ends_with', 'evil.exe', 'ends with', 'kết thúc bằng'), why(2, 'CommandLine', 'contains', '--all', 'contains', 'có chứa')],
      events: [{ which: 'last', seq, received: a.raised, source: a.source ?? 'coloa', raw, raw_as: 'text', cut: false, fields: JSON.parse(raw) as object, marks: [mark('evil.exe', 0, 1), mark('--all', 0, 2)] }],
    };
  }
  return [
    ['POST', /^\/searches$/, ({ body }) => run(body)],
    ['GET', /^\/searches\/saved$/, ({ q }) => m.list(saved, q)],
    ['POST', /^\/searches\/saved$/, ({ body }) => {
      const s: SavedSearch = { id: saved.length + 1, name: String(body['name']), q: String(body['q']), span_s: (body['span_s'] as number | undefined) ?? null, shared: body['shared'] === true, unit: 2, unit_name: 'Trung tâm Giám sát', by_name: 'Nguyễn Thu Hà', mine: true, created: m.iso(), version: 1 };
      saved.push(s);
      return s;
    }],
    ['DELETE', /^\/searches\/saved\/(\d+)$/, ({ id }) => void saved.splice(saved.indexOf(m.find(saved, id)), 1)],
    ['GET', /^\/alerts\/(\d+)\/events$/, ({ id }) => records(id)],
    ['GET', /^\/unmaskings$/, ({ q }) => m.list(unmaskings, q)],
    ['GET', /^\/unmaskings\/(\d+)$/, ({ id }) => m.find(unmaskings, id)],
    ['POST', /^\/unmaskings$/, ({ body }) => {
      const u = one(8, { state: 'waiting', reason: String(body['reason']), from: String(body['from']), expires: null, uses: 0, last_used: null, asked: m.iso() });
      unmaskings.unshift(u);
      return u;
    }],
    ['POST', /^\/unmaskings\/(\d+)\/(approve|refuse|end)$/, ({ id, sub, body }) => {
      const u = m.find(unmaskings, id);
      if (sub === 'approve') Object.assign(u, { state: 'active', approver: 1, approver_name: 'Nguyễn Thu Hà', decided: m.iso(), expires: at(DAY) });
      if (sub === 'refuse') Object.assign(u, { state: 'refused', note: body['reason'], approver: 1, approver_name: 'Nguyễn Thu Hà', decided: m.iso() });
      if (sub === 'end') Object.assign(u, { state: 'ended' });
      m.tell('unmasking', u.id);
      return u;
    }],
  ];
}
