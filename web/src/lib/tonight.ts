// What needs a person now. The node answers it at once (GET /tonight); one that does not have that yet is asked for the
// parts: deadlines, decisions, alerts, silent sources, who is on duty. What it cannot say stays null and is said so.
import { api, problem } from './api.ts';
import type { RawAction } from './action.ts';
import type { Alert, Clock, Decision, Incident, List, OnDuty, Source, Tonight } from './types.ts';

const SHOWN = 12;
let whole = true;

interface Duty {
  id: number;
  unit_name: string | null;
  person: number;
  person_name: string;
  phone: string | null;
  since: string;
  until: string;
  note: string | null;
}
const absent = new Set<string>();
/* null: not offered, or not for this person; what is not offered is not asked for again. */
async function part<T>(path: string, query: Record<string, string | number | boolean | null>): Promise<List<T> | null> {
  if (absent.has(path)) return null;
  try {
    return await api.get<List<T>>(path, query);
  } catch (e) {
    const status = problem(e).status;
    if (status === 404 || status === 403) absent.add(path);
    if (status === 404 || status === 403 || status === 422) return null;
    throw e;
  }
}

async function compose(me: number | undefined, unit: string): Promise<Tonight> {
  const { now } = await api.get<{ now: string }>('/health');
  const [clocks, fresh, incidents, duty, silent, never, sources, actions] = await Promise.all([
    part<Clock>('/clocks', { open: true, limit: 20, sort: 'due' }),
    part<Alert>('/alerts', { status: 'new', limit: SHOWN, unit: unit || null }),
    part<Incident>('/incidents', { open: true, limit: 1, unit: unit || null }),
    part<Duty>('/duty', { 'since.lt': now, 'until.gte': now, limit: 20 }),
    part<Source>('/sources', { state: 'silent', limit: 5 }),
    part<Source>('/sources', { state: 'never', limit: 5 }),
    part<Source>('/sources', { limit: 1 }),
    part<RawAction>('/actions', { state: 'proposed', limit: 10 }),
  ]);
  const waiting = (clocks?.items ?? []).filter((c) => !c.met_at && c.state !== 'void');
  const decisions: Decision[] = (actions?.items ?? []).map((a) => ({ id: a.id, kind: 'action_approve', code: a.code, title: `Approve: ${a.targets}`, title_vi: `Phê duyệt: ${a.targets}`, incident: a.incident, incident_code: a.incident_code, by: a.proposer_name, asked: a.proposed, due: a.lapses, mine: !a.mine }));
  return {
    headline: { waiting: waiting.length + decisions.length, next_decision: decisions[0]?.due ?? null, next_deadline: waiting[0]?.due ?? null },
    clocks: waiting, met: [], decisions,
    alerts: { new: fresh?.total ?? fresh?.items.length ?? 0, groups: fresh?.items.length ?? 0, items: fresh?.items ?? [] },
    silent: [...(silent?.items ?? []), ...(never?.items ?? [])].map((s) => ({ name: s.name, kind: s.kind, since: s.silent_since ?? s.last_seen ?? '', usual_every_s: s.usual_every_s, severity: 'high', maintenance_until: s.maintenance_until, system_name: s.system_name })),
    sources: sources ? { total: sources.total ?? 0, silent: (silent?.total ?? 0) + (never?.total ?? 0), rate: null } : null,
    incidents: { open: incidents?.total ?? 0 },
    duty: (duty?.items ?? []).map((d): OnDuty => ({ id: d.person, name: d.person_name, role: '', phone: d.phone, note_en: d.note || d.unit_name, note_vi: d.note || d.unit_name, warn: false, me: d.person === me })),
    handover_at: duty?.items.map((d) => d.until).sort()[0] ?? null,
    now, behind_ms: null,
  };
}

/* Parts that a person may not see come as null: an empty list to the pages, which do not show what may not be seen. */
function complete(now: Tonight): Tonight {
  const got = now as { [K in keyof Tonight]: Tonight[K] | null };
  return { ...now, clocks: got.clocks ?? [], met: got.met ?? [], decisions: got.decisions ?? [], silent: got.silent ?? [], duty: got.duty ?? [], alerts: got.alerts ?? { new: 0, groups: 0, items: [] }, headline: got.headline ?? { waiting: 0, next_decision: null, next_deadline: null } };
}
export async function askTonight(me: number | undefined, unit: string): Promise<Tonight> {
  if (whole)
    try {
      return complete(await api.get<Tonight>('/tonight', { unit }));
    } catch (e) {
      if (problem(e).status !== 404) throw e;
      whole = false;
    }
  return compose(me, unit);
}
