// The mock node's desk, playbooks: ten of them with one graph (playbook.json is what the node made of
// content/playbooks/web-shell.json, its texts cut), and a run in incident 147 that goes on as it is worked on.
import type { Edge, Graph, Playbook, PlaybookDetail, PlaybookImport, RunDetail, Variable, Visit } from '../src/lib/types_playbooks.ts';
import * as data from './mock_data.ts';
import { Bytes, type Does, type Shared } from './mock_desk.ts';
import made from './playbook.json';

const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
const graph = made.graph as unknown as Graph;
const variables = made.variables as unknown as Variable[];

const playbooks: Playbook[] = (
  [
    ['Ransomware', 'Mã độc tống tiền (mã hóa dữ liệu)', ['ransomware'], 23, 7], ['Phishing', 'Thư và trang lừa đảo', ['phishing'], 22, 8], ['Web shell', 'Mã điều khiển trên máy chủ web (web shell)', ['access'], 23, 8], ['Account takeover', 'Chiếm đoạt tài khoản', ['access', 'phishing'], 20, 8], ['Data leak', 'Lộ, lọt dữ liệu', ['espionage', 'other'], 22, 7],
    ['Defacement', 'Thay đổi giao diện trang web', ['defacement'], 19, 7], ['Denial of service', 'Tấn công từ chối dịch vụ', ['denial'], 19, 7], ['Misuse from within', 'Lạm dụng từ bên trong', ['espionage', 'access', 'destruction'], 19, 6], ['Malware outbreak', 'Bùng phát mã độc', ['malware'], 22, 8], ['Lost or stolen device', 'Mất thiết bị', ['other'], 20, 6],
  ] as [string, string, string[], number, number][]
).map(([name, name_vi, kinds, steps, automatic], i) => ({
  id: i + 1, cacao: `playbook--00000000-0000-4000-8000-${String(i).padStart(12, '0')}`, name, name_vi, kinds, steps, automatic, parallel: 2, conditions: 4, origin: i === 9 ? 'own' : 'coloa', tlp: 'TLP:CLEAR', modified: data.iso(data.START - 9 * DAY), edition: i === 9 ? 2 : 1, used: (i * 5) % 7, last_used: i % 3 ? data.iso(data.START - i * 9 * DAY) : null, retired: false, version: 1,
}));

export function playbooksDoes(m: Shared): Does[] {
  let ids = 40;
  const visit = (n: number, state: Visit['state'], ago: number, more: Partial<Visit> = {}): Visit => {
    const node = graph.nodes[n]!;
    const asks = node.type.includes('condition');
    const due = node.within_s && (state === 'ready' || state === 'done') ? data.START - ago + node.within_s * 1000 : null;
    return {
      id: ++ids, n, parent: null, round: 0, state, outcome: null, opened: data.iso(data.START - ago), begins: null, due: due ? data.iso(due) : null, left_s: due ? Math.round((due - m.now()) / 1000) : null, overdue: !!due && due < m.now() && state === 'ready', ended: state === 'done' || state === 'skipped' ? data.iso(data.START - ago + 4 * MIN) : null, by_name: state === 'done' || state === 'skipped' ? 'Trần Quốc Bảo' : null, note: null, answer: null, task: null, run: null,
      prepared: state === 'ready' && node.auto ? { do: node.auto, link: '', query: 'w3wp', form: null, hours: 12, title: null, title_vi: null } : null,
      choices: asks && state === 'ready' ? [{ value: 'true', title: 'Yes', title_vi: 'Có' }, { value: 'false', title: 'No', title_vi: 'Không' }] : null, auto: !!node.auto, version: 1, ...more,
    };
  };
  const to = (n: number) => graph.edges.filter((e: Edge) => e.from === n && ['next', 'branch', 'false', 'success'].includes(e.kind)).map((e) => e.to);
  const by = (type: string) => graph.nodes.filter((n) => n.type === type).map((n) => n.n);
  const start = graph.nodes.find((n) => n.type === 'start')!.n;
  const first = to(start)[0]!;
  const par = by('parallel')[0]!;
  const [a, b, c] = to(par) as [number, number, number];
  const run = (id: number, visits: Visit[]): RunDetail => ({
    id, incident: 147, incident_code: 'SC-2026-0147', playbook: 3, name: 'Web shell', name_vi: 'Mã điều khiển trên máy chủ web (web shell)', edition: 1, state: 'running', started: data.iso(data.START - 80 * MIN), started_by_name: 'Lê Minh Khôi', ended: null, reason: null, steps_done: 0, steps_open: 0, overdue: 0, next_due: null, parent: null, version: 4, variables, graph, visits,
  });
  const fresh = (r: RunDetail): RunDetail => {
    const ready = r.visits.filter((v) => v.state === 'ready');
    return Object.assign(r, { steps_open: ready.length, steps_done: r.visits.filter((v) => (v.state === 'done' || v.state === 'skipped') && !graph.nodes[v.n]!.type.includes('parallel')).length, overdue: ready.filter((v) => v.overdue).length });
  };
  const runs: RunDetail[] = [
    run(1, [visit(start, 'passed', 80 * MIN), visit(first, 'done', 80 * MIN, { note: 'SRV-WEB-01, /uploads/a.aspx' }), visit(par, 'waiting', 76 * MIN), visit(a, 'ready', 76 * MIN), visit(b, 'done', 76 * MIN, { note: '2 máy có tiến trình con của w3wp' }), visit(c, 'ready', 64 * MIN)]),
  ];
  runs.forEach(fresh);
  const detail = (p: Playbook): PlaybookDetail => ({
    ...p, description: 'A file or process on a web server lets somebody run commands through requests. It is seldom alone.', description_vi: 'Một tệp hoặc tiến trình trên máy chủ web cho phép chạy lệnh qua yêu cầu web. Hiếm khi chỉ có một.', shown: p.edition, created_by: 'identity--7d1f3a52-0c8e-4b1e-9a63-52f0c1d84e19', labels: ['web-shell'], variables, signatures: 0, graph,
    editions: Array.from({ length: p.edition }, (_, i) => ({ edition: p.edition - i, modified: data.iso(data.START - (9 + i * 40) * DAY), kept: data.iso(data.START - (8 + i * 40) * DAY), by_name: p.origin === 'own' ? 'Lê Minh Khôi' : null, runs: i + 1 })),
  });
  return [
    ['GET', /^\/playbooks$/, ({ q }) => m.list(playbooks.filter((p) => String(p.retired) === (q.get('retired') ?? 'false')), q, ['retired'])],
    ['POST', /^\/playbooks$/, ({ text, q }): PlaybookImport => {
      const bad = !text.includes('"playbook"');
      const faults = bad ? [{ pointer: '/type', value: null, fault: 'không phải quy trình', remedy: 'viết "type": "playbook"' }, { pointer: '/workflow/action--1/agent', value: 'group--1', fault: 'tác nhân này không có trong agent_definitions', remedy: 'khai báo ở đó' }] : [];
      return { done: !bad && q.get('dry') !== 'true', id: bad ? null : 10, edition: bad ? null : 2, name: bad ? null : 'Mất thiết bị', n_faults: faults.length, faults, warnings: bad ? [] : [{ pointer: '/workflow/end--2', fault: 'không có đường đến bước này: sẽ không được thực hiện' }] };
    }],
    ['GET', /^\/playbooks\/(\d+)$/, ({ id }) => detail(m.find(playbooks, id))],
    ['GET', /^\/playbooks\/(\d+)\/cacao$/, ({ id }) => new Bytes('{}', `playbook-${id}.json`)],
    ['POST', /^\/playbooks\/(\d+)\/retire$/, ({ id, body }) => Object.assign(m.find(playbooks, id), { retired: body['retired'] })],
    ['GET', /^\/playbook_runs$/, ({ q }) => m.list(runs.filter((r) => !q.get('incident') || String(r.incident) === q.get('incident')), q, ['incident'])],
    ['GET', /^\/playbook_runs\/(\d+)$/, ({ id }) => m.find(runs, id)],
    ['GET', /^\/incidents\/(\d+)\/playbooks$/, ({ id }) => ({ items: playbooks.map((p) => ({ id: p.id, name: p.name, name_vi: p.name_vi, kinds: p.kinds, steps: p.steps, why: p.kinds.includes('ransomware') ? 'kind' : 'other', running: runs.find((r) => r.playbook === p.id && String(r.incident) === id && r.state === 'running')?.id ?? null })).sort((x, y) => Number(y.why === 'kind') - Number(x.why === 'kind')) })],
    ['POST', /^\/incidents\/(\d+)\/playbooks$/, ({ id, body }) => {
      const p = m.find(playbooks, String(body['playbook']));
      const r = { ...run(runs.length + 1, [visit(start, 'passed', 0), visit(first, 'ready', 0)]), incident: Number(id), playbook: p.id, name: p.name, name_vi: p.name_vi };
      runs.push(fresh(r));
      m.tell('playbook_run', r.id);
      return r;
    }],
    ['POST', /^\/playbook_runs\/(\d+)\/steps\/(\d+)$/, ({ id, sub, body }) => {
      const r = m.find(runs, id);
      const v = m.find(r.visits, sub);
      if (v.version !== body['version']) throw m.refuse(409, 'Có người vừa thay đổi: hãy xem lại rồi làm lại', undefined, 'stale');
      if ((body['outcome'] === 'skipped' || body['outcome'] === 'failed') && String(body['note'] ?? '').length < 3) throw m.refuse(422, 'Một số ô cần sửa lại.', [{ field: 'note', fault: 'Chưa có lý do', remedy: 'Ghi lý do bỏ qua hoặc thất bại' }]);
      Object.assign(v, { state: body['outcome'] === 'skipped' ? 'skipped' : body['outcome'] === 'failed' ? 'failed' : 'done', ended: m.iso(), by_name: 'Nguyễn Thu Hà', note: body['note'] ?? null, answer: body['answer'] ?? null, version: v.version + 1, prepared: null, choices: null });
      if (v.state === 'failed') r.state = 'stuck';
      else for (const n of to(v.n)) if (graph.nodes[n]!.type !== 'end') r.visits = [...r.visits, visit(n, 'ready', 0)];
      r.version++;
      m.tell('playbook_run', r.id);
      return { ...fresh(r) };
    }],
    ['POST', /^\/playbook_runs\/(\d+)\/stop$/, ({ id, body }) => Object.assign(m.find(runs, id), { state: 'stopped', ended: m.iso(), reason: body['reason'] })],
  ];
}
