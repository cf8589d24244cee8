// A node that is not one: the console's files as a node serves them, and an API with a night's worth of made-up data, for
// tests and for work on the pages. Knows enough rules to be refused by: passwords, codes, fields, permissions.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import type { Alert, Problem, Session, Tonight } from '../src/lib/types.ts';
import * as data from './mock_data.ts';
import { Bytes, deskDoes, type Does } from './mock_desk.ts';
import { searchDoes } from './mock_search.ts';

const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' };
const ALL = ['alerts.read', 'alerts.work', 'exceptions.write', 'events.read', 'events.search', 'events.unmask', 'incidents.read', 'incidents.open', 'incidents.work', 'incidents.lead', 'evidence.read', 'reports.read', 'reports.write', 'reports.sign', 'reports.send', 'directives.read', 'directives.issue', 'directives.answer', 'recovery.read', 'recovery.work', 'figures.read', 'evidence.write', 'evidence.export', 'incidents.guests', 'playbooks.write', 'sources.work', 'actions.read', 'actions.propose', 'actions.approve', 'actions.undo', 'playbooks.read', 'systems.read', 'systems.write', 'sources.read', 'people.read', 'people.write', 'units.write', 'settings.read', 'settings.write', 'audit.read', 'exercises.read', 'exercises.play', 'exercises.plan', 'exercises.judge', 'exercises.red', 'exercises.consent', 'exercises.live'];

export interface Mock {
  server: Server;
  url: string;
  /* What tests turn. */
  state: { signedIn: boolean; permissions: string[]; broken: boolean; quiet: boolean; calls: string[]; firstRun: boolean; mustChange: boolean; needsTotp: boolean; idle: number; lang: 'vi' | 'en' | null; drill: boolean; units: number; side: 'organiser' | 'jury' | 'red' | 'blue' };
  tell: (what: string, id: number, more?: Record<string, unknown>) => void;
  /* Another person changes an incident; nobody is told. */
  meddle: (id: number, change?: Record<string, unknown>) => void;
  /* Of an alert's detail, what a test needs otherwise. */
  meddleAlert: (id: number, change: Record<string, unknown>) => void;
  raise: () => Alert;
  /* Every line of events breaks. */
  drop: () => void;
  close: () => Promise<void>;
}

class Refused extends Error {
  problem: Problem;
  constructor(status: number, title: string, fields?: Problem['fields'], code?: string) {
    super(title);
    this.problem = { type: 'about:blank', status, title, code: code ?? null, detail: null, ...(fields ? { fields } : {}) };
  }
}
const missing = () => new Refused(404, 'Không có, hoặc bạn không được xem.', undefined, 'missing');

export function startMock(dist: string, port = 0, exerciseUnits = 13): Promise<Mock> {
  const began = Date.now();
  const now = () => data.START + (Date.now() - began);
  const iso = () => data.iso(now());
  const alerts = data.makeAlerts();
  const incidents = data.makeIncidents();
  const sources = data.makeSources();
  const actions = data.makeActions();
  const reports = data.makeReports();
  const timeline = [...data.timeline];
  const tasks = data.tasks.map((t) => ({ ...t }));
  const observables = data.observables.map((o) => ({ ...o }));
  const questions = data.questions.map((q) => ({ ...q }));
  const people = data.people.map((p) => ({ ...p }));
  const systems = data.systems.map((s) => ({ ...s }));
  const units = data.units.map((u) => ({ ...u }));
  let decisions = [...data.decisions];
  const odd = new Map<number, Record<string, unknown>>();
  const undoes = new Map<number, Alert>();
  const listeners = new Set<ServerResponse>();
  let step: 'totp' | 'new_password' | null = null;
  const state: Mock['state'] = { signedIn: true, permissions: ALL, broken: false, quiet: false, calls: [], firstRun: false, mustChange: false, needsTotp: false, idle: 1800, lang: 'vi', drill: false, units: exerciseUnits, side: 'organiser' };

  const assessment = () => ({ regime: 'vn-2026', questions, suggests: 'yes', serious: 'yes', notice: 'Found by secondary sources; no official form yet.', notice_vi: 'Theo nguồn thứ cấp; chưa có mẫu chính thức.' });
  const session = (): Session => ({
    person: { id: 1, name: 'Nguyễn Thu Hà', login: 'ha.nt', lang: state.lang, title: 'Chuyên viên giám sát' }, roles: [{ role: 'officer', unit: 1, unit_name: 'Toàn ngành' }], permissions: state.permissions, level_idle_s: state.idle, second_at: data.iso(now() - 60_000), expires: data.iso(now() + 8 * 3_600_000), must_change_password: state.mustChange, needs_totp: state.needsTotp, now: iso(), step, first_run: state.firstRun,
  });
  const tell = (what: string, id: number, more: Record<string, unknown> = {}) => {
    for (const l of listeners) l.write(`event: change\ndata: ${JSON.stringify({ what, id, ...more })}\n\n`);
  };
  const find = <T extends { id: number }>(all: T[], id: string | undefined): T => {
    const it = all.find((x) => String(x.id) === id);
    if (!it) throw missing();
    return it;
  };
  const current = (id: string | undefined, body: Record<string, unknown>) => {
    const i = find(incidents, id);
    if (body['version'] !== undefined && body['version'] !== i.version) throw new Refused(409, 'Có người vừa thay đổi: hãy xem lại rồi làm lại', undefined, 'stale');
    return i;
  };
  const plain = (s: unknown) => String(s ?? '').normalize('NFD').replace(/[\u0300-\u036f]/g, '').replace(/đ/gi, 'd').toLowerCase();
  function list(all: readonly unknown[], q: URLSearchParams, special: string[] = []): unknown {
    let got = all as Record<string, unknown>[];
    for (const [name, value] of q) {
      if (['limit', 'cursor', 'sort', 'q', 'format', 'unit', ...special].includes(name)) continue;
      got = got.filter((r) => value.split(',').includes(String(r[name])));
    }
    const words = plain(q.get('q')).split(/\s+/).filter(Boolean);
    if (words.length) got = got.filter((r) => words.every((w) => plain(JSON.stringify(r)).includes(w)));
    const sort = q.get('sort');
    if (sort) {
      const name = sort.replace('-', '');
      const sign = sort.startsWith('-') ? -1 : 1;
      got = [...got].sort((a, b) => sign * (typeof a[name] === 'number' ? (a[name] as number) - (b[name] as number) : String(a[name] ?? '').localeCompare(String(b[name] ?? ''))));
    }
    const from = Number(q.get('cursor') ?? 0);
    const limit = Number(q.get('limit') ?? 50);
    return { items: got.slice(from, from + limit), next: from + limit < got.length ? String(from + limit) : null, total: got.length };
  }
  function tonight(): Tonight {
    if (state.quiet)
      return { headline: { waiting: 0, next_decision: null, next_deadline: null }, clocks: [], met: [], decisions: [], alerts: { new: 0, groups: 0, items: [] }, silent: [], sources: { total: 412, silent: 0, rate: 1240 }, incidents: { open: 0 }, duty: data.duty, handover_at: data.handover, last_decision: { code: 'NC-0308', title: 'approval of NC-0308', title_vi: 'duyệt NC-0308', at: data.iso(data.START - 5_900_000) }, now: iso(), behind_ms: 400 };
    const fresh = alerts.filter((a) => a.status === 'new').sort(data.order);
    return {
      headline: { waiting: data.clocks.length - 1 + decisions.length, next_decision: decisions[0]?.due ?? null, next_deadline: data.clocks[0]!.due }, clocks: data.clocks, met: data.met, decisions, alerts: { new: fresh.length, groups: fresh.slice(0, 12).length, items: fresh.slice(0, 12) }, silent: data.silent, sources: { total: 412, silent: 3, rate: 1240 }, incidents: { open: incidents.filter((i) => !i.closed).length }, duty: data.duty, handover_at: data.handover, last_decision: { code: 'NC-0308', title: 'approval of NC-0308', title_vi: 'duyệt NC-0308', at: data.iso(data.START - 5_900_000) }, now: iso(), behind_ms: 400,
    };
  }
  function change(a: Alert, action: string, body: Record<string, unknown>): Alert {
    if (action === 'undo') {
      const old = undoes.get(a.id);
      if (!old) throw new Refused(409, 'Không còn hoàn tác được.', undefined, 'too_late');
      Object.assign(a, old);
    } else {
      undoes.set(a.id, { ...a });
      if (action === 'accept') Object.assign(a, { status: 'taken', taken_by: 'Nguyễn Thu Hà', taken_at: iso() });
      else if (action === 'merge') {
        const i = incidents.find((x) => x.id === body['incident']);
        if (!i) throw new Refused(422, 'Một số ô cần sửa lại.', [{ field: 'incident', fault: 'Không có sự cố này.', remedy: 'Chọn một sự cố đang mở.' }]);
        Object.assign(a, { status: 'merged', incident: i.id, incident_code: i.code });
      } else if (action === 'dismiss') {
        if (String(body['text'] ?? '').trim().length < 5) throw new Refused(422, 'Một số ô cần sửa lại.', [{ field: 'text', fault: 'Quá ngắn (ít hơn 5 ký tự).', remedy: 'Viết một câu bạn đã thấy gì.' }]);
        Object.assign(a, { status: 'dismissed', dismiss_reason: body['reason'] });
      } else if (action === 'hand_over') Object.assign(a, { status: 'taken', taken_by: people.find((p) => p.id === body['to'])?.name ?? 'ca sau', taken_at: iso() });
      else throw missing();
    }
    tell('alert', a.id);
    return a;
  }

  // One answer for each operation: [method, path, what].
  const does: Does[] = [
    ...deskDoes({ state, now, iso, list, find, tell, refuse: (status, title, fields, code) => new Refused(status, title, fields, code), reports }),
    ['GET', /^\/health$/, () => ({ ok: true, now: iso() })],
    ['POST', /^\/session$/, ({ body }) => {
      if (body['login'] === 'locked') throw new Refused(429, 'Tài khoản tạm khoá 12 phút.', undefined, 'locked');
      if (body['password'] === 'mot-lan') { step = 'new_password'; state.mustChange = true; return session(); }
      if (body['password'] !== 'dung-mat-khau') throw new Refused(401, 'Tài khoản hoặc mật khẩu không đúng.', undefined, 'wrong');
      step = body['login'] === 'ha.nt' ? 'totp' : null;
      if (!step) state.signedIn = true;
      return session();
    }],
    ['POST', /^\/session\/(totp|recovery)$/, ({ body }) => {
      if (body['code'] !== '123456' && body['code'] !== 'khoi-phuc-1') throw new Refused(422, 'Mã không đúng.', [{ field: 'code', fault: 'Mã không đúng hoặc đã dùng.', remedy: 'Đợi mã kế tiếp rồi nhập lại.' }]);
      step = null;
      state.signedIn = true;
      return session();
    }],
    ['POST', /^\/session\/password$/, ({ body }) => {
      if (String(body['new']).length < 14) throw new Refused(422, 'Một số ô cần sửa lại.', [{ field: 'new', fault: 'Ít hơn 14 ký tự.', remedy: 'Thêm vài từ.' }]);
      step = null;
      state.mustChange = false;
      state.needsTotp = true;
      state.signedIn = true;
      return session();
    }],
    ['POST', /^\/session\/second$/, ({ body }) => {
      if (body['code'] !== '123456') throw new Refused(422, 'Mã không đúng.', [{ field: 'code', fault: 'Mã không đúng hoặc đã dùng.', remedy: 'Đợi mã kế tiếp rồi nhập lại.' }]);
      return session();
    }],
    ['POST', /^\/totp\/begin$/, () => ({ secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', uri: 'otpauth://totp/Coloa:ha.nt?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Coloa' })],
    ['POST', /^\/totp\/confirm$/, ({ body }) => {
      if (body['code'] !== '123456') throw new Refused(422, 'Mã không đúng.', [{ field: 'code', fault: 'Mã không đúng.', remedy: 'Kiểm tra giờ của điện thoại.' }]);
      state.needsTotp = false;
      return { recovery_codes: Array.from({ length: 10 }, (_, i) => `k7m2-9x${i}q-w4${i}h`) };
    }],
    ['GET', /^\/session$/, () => session()],
    ['DELETE', /^\/session$/, () => void (state.signedIn = false)],
    ['GET', /^\/tonight$/, () => tonight()],
    ['GET', /^\/units$/, ({ q }) => ({ ...(list(units, q) as object), total: 301 })],
    ['POST', /^\/units$/, ({ body }) => {
      if (!String(body['name'] ?? '').trim()) throw new Refused(422, 'Một số ô cần sửa lại.', [{ field: 'name', fault: 'Cần điền tên.', remedy: 'Viết tên đơn vị.' }]);
      const u = { id: 100 + units.length, name: String(body['name']), name_vi: (body['name_vi'] as string) || null, code: (body['code'] as string) || null, parent: Number(body['parent']) || 1, depth: 1, kind: 'site', children: 0, path_names: null, contacts: null };
      units.push(u);
      return u;
    }],
    ['GET', /^\/people$/, ({ q }) => list(people, q, ['active'])],
    ['GET', /^\/people\/(\d+)$/, ({ id }) => find(people, id)],
    ['POST', /^\/people$/, ({ body }) => {
      const fields = [];
      if (!String(body['name'] ?? '').trim()) fields.push({ field: 'name', fault: 'Cần điền họ tên.', remedy: 'Viết họ và tên.' });
      if (!/^[a-z0-9._-]{2,32}$/.test(String(body['login'] ?? ''))) fields.push({ field: 'login', fault: 'Chỉ gồm chữ thường, số, dấu chấm, gạch.', remedy: 'Ví dụ: ha.nt' });
      if (people.some((p) => p.login === body['login'])) fields.push({ field: 'login', fault: 'Đã có người dùng tên này.', remedy: 'Chọn tên khác.' });
      if (fields.length) throw new Refused(422, 'Một số ô cần sửa lại.', fields);
      const p = { ...people[0]!, id: 100 + people.length, roles: [], ...body, created: iso(), last_seen: null, second_factor: false } as (typeof people)[0];
      people.push(p);
      return { id: p.id };
    }],
    ['PATCH', /^\/people\/(\d+)$/, ({ id, body }) => Object.assign(find(people, id), body)],
    ['POST', /^\/people\/(\d+)\/roles$/, ({ id, body }) => {
      const p = find(people, id);
      p.roles = [...p.roles, { id: 700 + p.roles.length, role: String(body['role']), unit: Number(body['unit']), unit_name: units.find((u) => u.id === Number(body['unit']))?.name_vi ?? '' }];
      return { id: 1 };
    }],
    ['DELETE', /^\/people\/(\d+)\/roles\/(\d+)$/, ({ id, sub }) => {
      const p = find(people, id);
      p.roles = p.roles.filter((r) => String(r.id) !== sub);
    }],
    ['POST', /^\/people\/(\d+)\/one_time$/, ({ id }) => ({ id: Number(id), login: 'x', password: 'sông-mây-tre-biển-58', created: false })],
    ['POST', /^\/(?:people|systems|units)\/import$/, ({ body }) => {
      const lines = String(body['csv']).trim().split('\n').slice(1);
      const faults = lines.flatMap((l, i) => (l.split(',').length < 2 ? [{ line: i + 2, field: 'name', fault: 'Thiếu cột.', remedy: 'Mỗi dòng cần ít nhất 2 cột, cách nhau bằng dấu phẩy.', value: l }] : []));
      return { done: !body['dry'] && !faults.length, lines: lines.length, added: faults.length ? 0 : lines.length, changed: 0, n_faults: faults.length, faults };
    }],
    ['GET', /^\/systems$/, ({ q }) => list(systems, q)],
    ['GET', /^\/systems\/(\d+)$/, ({ id }) => find(systems, id)],
    ['POST', /^\/systems$/, ({ body }) => {
      const fields = [];
      if (!String(body['name'] ?? '').trim()) fields.push({ field: 'name', fault: 'Cần điền tên hệ thống.', remedy: 'Viết tên như trong hồ sơ cấp độ.' });
      for (const [i, a] of ((body['addresses'] as string[]) ?? []).entries()) if (!/^[0-9a-f.:]+(\/\d+)?$/i.test(a)) fields.push({ field: `addresses[${i}]`, fault: `“${a}” không phải địa chỉ hay mạng.`, remedy: 'Viết như 10.64.3.0/24.' });
      if (fields.length) throw new Refused(422, 'Một số ô cần sửa lại.', fields);
      const s = { ...systems[0]!, ...body, id: 100 + systems.length, unit_name: units.find((u) => u.id === body['unit'])?.name_vi ?? '', version: 1 } as (typeof systems)[0];
      systems.push(s);
      return { id: s.id };
    }],
    ['PATCH', /^\/systems\/(\d+)$/, ({ id, body }) => Object.assign(find(systems, id), body)],
    ['GET', /^\/sources$/, ({ q }) => list(sources, q)],
    ['POST', /^\/sources\/([^/]+)\/maintenance$/, ({ id, body }) => {
      const s = sources.find((x) => x.name === decodeURIComponent(id));
      if (!body['until']) throw new Refused(422, 'Một số ô cần sửa lại.', [{ field: 'until', fault: 'Cần thời điểm.', remedy: 'Nhiều nhất 7 ngày.' }]);
      return Object.assign(s ?? {}, { state: 'maintenance', maintenance_until: body['until'] });
    }],
    ['DELETE', /^\/sources\/([^/]+)\/maintenance$/, ({ id }) => void Object.assign(sources.find((x) => x.name === decodeURIComponent(id)) ?? {}, { state: 'silent', maintenance_until: null })],
    ['GET', /^\/alerts$/, ({ q }) => list([...alerts].sort(data.order), q)],
    ['POST', /^\/alerts\/bulk$/, ({ body }) => {
      for (const id of body['ids'] as number[]) change(find(alerts, String(id)), String(body['action']), body);
      return { done: (body['ids'] as number[]).length };
    }],
    ['GET', /^\/alerts\/(\d+)$/, ({ id }) => ({ ...data.detail(find(alerts, id)), ...odd.get(Number(id)) })],
    ['POST', /^\/alerts\/(\d+)\/(\w+)$/, ({ id, sub, body }) => change(find(alerts, id), sub, body)],
    ['GET', /^\/incidents$/, ({ q }) => {
      return list(incidents.filter((i) => q.get('open') !== 'true' || !i.closed), q, ['open']);
    }],
    ['POST', /^\/incidents$/, ({ body }) => {
      if (String(body['title'] ?? '').trim().length < 5) throw new Refused(422, 'Một số ô cần sửa lại.', [{ field: 'title', fault: 'Quá ngắn (ít hơn 5 ký tự).', remedy: 'Viết điều gì xảy ra, ở đâu.' }]);
      const i = { ...incidents[2]!, id: 148, code: 'SC-2026-0148', title: String(body['title']), kind: String(body['kind']), state: 'open', opened: iso(), t0: iso(), clocks: [] } as (typeof incidents)[0];
      incidents.unshift(i);
      return i;
    }],
    ['GET', /^\/incidents\/(\d+)$/, ({ id }) => find(incidents, id)],
    ['PATCH', /^\/incidents\/(\d+)$/, ({ id, body }) => Object.assign(current(id, body), { ...body, version: find(incidents, id).version + 1 })],
    ['POST', /^\/incidents\/(\d+)\/move$/, ({ id, body }) => Object.assign(current(id, body), { state: body['to'], version: find(incidents, id).version + 1 })],
    ['POST', /^\/incidents\/(\d+)\/activities\/(\w+)$/, ({ id, sub, body }) => {
      const i = find(incidents, id);
      i.activities = i.activities.map((a) => (a.id === sub ? { ...a, state: body['state'] as 'doing', done: body['state'] === 'done' ? iso() : null } : a));
      return i;
    }],
    ['POST', /^\/incidents\/(\d+)\/clocks\/(\w+)\/met$/, ({ id, sub, body }) => {
      const i = find(incidents, id);
      if (String(body['proof']).length < 5) throw new Refused(422, 'Một số ô cần sửa lại.', [{ field: 'proof', fault: 'Ít hơn 5 ký tự.', remedy: 'Ghi số biên nhận.' }]);
      i.clocks = i.clocks.map((c) => (c.clock === sub ? { ...c, state: 'met' as const, met_at: iso(), proof: String(body['proof']) } : c));
      return i;
    }],
    ['GET', /^\/incidents\/(\d+)\/review$/, () => ({ cause: '', vector: '', weakness: '', detected: '', missed: '', went_well: '', went_badly: '', lessons: '', at: null, by_name: null })],
    ['PUT', /^\/incidents\/(\d+)\/review$/, ({ body }) => body],
    ['GET', /^\/incidents\/(\d+)\/observables$/, ({ id, q }) => list(id === '147' ? observables : [], q)],
    ['GET', /^\/incidents\/(\d+)\/timeline$/, ({ id, q }) => list(id === '147' ? timeline : timeline.slice(-2), q)],
    ['POST', /^\/incidents\/(\d+)\/timeline$/, ({ id, body }) => {
      if (!String(body['text'] ?? '').trim()) throw new Refused(422, 'Một số ô cần sửa lại.', [{ field: 'text', fault: 'Chưa có nội dung.', remedy: 'Viết một câu.' }]);
      const e = { id: 200 + timeline.length, at: iso(), written: iso(), kind: 'note' as const, text: String(body['text']), text_vi: String(body['text']), by: 1, by_name: 'Nguyễn Thu Hà', about: null, about_id: null, corrects: null };
      timeline.unshift(e);
      tell('incident', Number(id));
      return e;
    }],
    ['GET', /^\/incidents\/(\d+)\/tasks$/, ({ id, q }) => list(id === '147' ? tasks : [], q)],
    ['POST', /^\/incidents\/(\d+)\/tasks$/, ({ body }) => {
      const x = { ...tasks[0]!, id: 50 + tasks.length, title: String(body['title']), state: 'open' as const, step: null, due: (body['due'] as string) ?? null };
      tasks.push(x);
      return x;
    }],
    ['PATCH', /^\/incidents\/(\d+)\/tasks\/(\d+)$/, ({ sub, body }) => Object.assign(find(tasks, sub), body, body['state'] === 'done' ? { done_at: iso() } : { done_at: null })],
    ['POST', /^\/incidents\/(\d+)\/observables$/, ({ id, body }) => {
      const o = { ...observables[0]!, id: 90 + observables.length, type: String(body['type']), value: String(body['value']), count: 0, at: iso() };
      if (id === '147') observables.push(o);
      return o;
    }],
    ['GET', /^\/incidents\/(\d+)\/assessment$/, () => assessment()],
    ['POST', /^\/incidents\/(\d+)\/answers$/, ({ body }) => {
      Object.assign(questions.find((x) => x.id === body['question']) ?? {}, { answer: body['answer'], by_name: 'Nguyễn Thu Hà', at: iso() });
      return assessment();
    }],
    ['POST', /^\/incidents\/(\d+)\/serious$/, ({ body }) => {
      if (String(body['reason']).length < 5) throw new Refused(422, 'Một số ô cần sửa lại.', [{ field: 'reason', fault: 'Ít hơn 5 ký tự.', remedy: 'Viết lý do trong một câu.' }]);
      return assessment();
    }],
    ['GET', /^\/actions$/, ({ q }) => list(actions, q)],
    ['GET', /^\/actions\/status$/, () => ({ available: true, why: null, why_vi: null, kinds: ['block', 'isolate_host', 'disable_account', 'stop_service'], via: ['node', 'webhook'], webhook_kinds: ['block'], services: ['nginx.service', 'smbd.service'], management: ['10.0.0.0/24'] })],
    ['POST', /^\/actions\/check$/, ({ body }) => {
      const targets = body['targets'] as string[];
      if (targets.includes('10.0.0.1')) throw new Refused(422, 'Một số ô cần sửa lại.', [{ field: 'targets[0]', fault: '10.0.0.1 ở trong danh sách cấm chạm.', remedy: 'Bỏ địa chỉ này.' }]);
      return { good: true, targets, addresses: targets.length, kept: body['kind'] === 'isolate_host' ? ['10.0.0.0/24'] : [] };
    }],
    ['POST', /^\/actions$/, ({ body }) => {
      const a = { ...actions[0]!, id: 320 + actions.length, code: 'NC-0320', kind: String(body['kind']), targets: (body['targets'] as string[]).join(' '), proposer: 1, proposer_name: 'Nguyễn Thu Hà', mine: true, proposed: iso(), seconds: Number(body['seconds']), reason: String(body['reason']) };
      actions.unshift(a);
      tell('action', a.id);
      return a;
    }],
    ['GET', /^\/actions\/(\d+)$/, ({ id }) => find(actions, id)],
    ['POST', /^\/actions\/(\d+)\/(approve|refuse|undo)$/, ({ id, sub, body }) => {
      const a = find(actions, id);
      if (sub === 'approve' && body['code'] !== '123456') throw new Refused(422, 'Mã không đúng.', [{ field: 'code', fault: 'Mã không đúng hoặc đã dùng.', remedy: 'Đợi mã kế tiếp rồi nhập lại.' }]);
      if (sub === 'approve') Object.assign(a, { state: 'in_force', approver_name: 'Nguyễn Thu Hà', decided: iso(), until: data.iso(now() + a.seconds * 1000) });
      if (sub === 'refuse') Object.assign(a, { state: 'refused' });
      if (sub === 'undo') Object.assign(a, { state: 'undone', undone: iso() });
      decisions = decisions.filter((d) => d.id !== a.id);
      tell('action', a.id);
      return a;
    }],
    ['GET', /^\/reports$/, ({ q }) => list(reports, q)],
    ['GET', /^\/audit$/, ({ q }) => list(data.audit, q)],
    ...searchDoes({ list, find, iso, tell, alerts: () => alerts, refuse: (status, title, fields, code) => new Refused(status, title, fields, code) }),
    ['GET', /^\/first-run$/, () => ({ steps: { password: true, totp: true, unit: true, system: false, source: false, people: false, arriving: false }, listeners: [{ kind: 'syslog', address: '0.0.0.0:514' }, { kind: 'bulk', address: '0.0.0.0:9200' }], events: 0 })],
  ];

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', 'http://mock');
    res.setHeader('Content-Security-Policy', CSP);
    res.setHeader('X-Content-Type-Options', 'nosniff');
    if (!url.pathname.startsWith('/api/v1')) return file(url.pathname, res);
    const path = url.pathname.slice('/api/v1'.length);
    state.calls.push(`${req.method} ${path}${url.search}`);
    if (state.broken) return void req.socket.destroy();
    if (!state.signedIn && !path.startsWith('/session') && !path.startsWith('/totp') && path !== '/health') return say(res, 401, { title: 'Chưa đăng nhập.', status: 401, code: 'signed_out' });
    if (!state.signedIn && path === '/session' && req.method === 'GET') return say(res, 401, { title: 'Chưa đăng nhập.', status: 401, code: 'signed_out' });
    if (path === '/events') {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      res.write(': hello\n\n');
      listeners.add(res);
      req.on('close', () => listeners.delete(res));
      return;
    }
    let text = '';
    for await (const piece of req) text += piece;
    if (req.method !== 'GET' && req.headers['x-coloa'] !== '1') return say(res, 403, { title: 'X-Coloa', status: 403, code: 'cross_site' });
    let body = {};
    if (req.headers['content-type']?.startsWith('application/json')) body = JSON.parse(text || '{}') as object;
    for (const [method, pattern, answer] of does) {
      const m = method === req.method ? pattern.exec(path) : null;
      if (!m) continue;
      try {
        const said = answer({ q: url.searchParams, body, text, id: m[1] ?? '', sub: m[2] ?? '' });
        if (said instanceof Bytes) return void res.writeHead(200, { 'Content-Type': said.type, ...(said.name ? { 'Content-Disposition': `attachment; filename="${said.name}"` } : {}) }).end(said.text);
        return said === undefined ? void res.writeHead(204).end() : say(res, 200, said);
      } catch (e) {
        if (e instanceof Refused) return say(res, e.problem.status, e.problem);
        throw e;
      }
    }
    say(res, 404, missing().problem);
  }
  function say(res: ServerResponse, status: number, body: unknown): void {
    res.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', 'Cache-Control': 'no-store' });
    res.end(JSON.stringify(body));
  }
  function file(path: string, res: ServerResponse): void {
    const wanted = join(dist, normalize(path));
    const there = wanted.startsWith(dist) && existsSync(wanted) && statSync(wanted).isFile();
    const name = there ? wanted : join(dist, 'index.html');
    if (!there && extname(path)) return void res.writeHead(404).end();
    res.writeHead(200, { 'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream' });
    createReadStream(name).pipe(res);
  }

  const server = createServer((req, res) => {
    handle(req, res).catch((e: unknown) => {
      res.writeHead(500).end(String(e));
    });
  });
  const raise = (): Alert => {
    const a: Alert = { ...alerts[0]!, id: 500 + alerts.length, title: 'New local administrator', title_vi: 'Tài khoản quản trị cục bộ mới', status: 'new', host: 'KT-PC-19', severity: 'critical', raised: iso(), first: iso(), last: iso(), waiting_since: iso() };
    alerts.push(a);
    tell('alert', a.id);
    return a;
  };
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        server, state, tell, raise, meddle: (id, change = {}) => void Object.assign(find(incidents, String(id)), change, { version: find(incidents, String(id)).version + 1 }), meddleAlert: (id, change) => void odd.set(id, change), drop: () => listeners.forEach((l) => l.destroy()), url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : port}`,
        close: () => new Promise((done) => { for (const l of listeners) l.end(); server.close(() => done()); server.closeAllConnections(); }),
      });
    });
  });
}
