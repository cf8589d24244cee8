// Containment as the node tells it, and as the pages show it.
import type { Action } from './types.ts';

export interface RawAction {
  id: number;
  code: string;
  incident: number | null;
  incident_code: string | null;
  kind: string;
  targets: string;
  direction: 'both' | 'in' | 'out' | null;
  seconds: number;
  reason: string | null;
  state: string;
  proposed: string;
  proposer: number | null;
  proposer_name: string | null;
  lapses: string | null;
  decided: string | null;
  approver_name: string | null;
  note: string | null;
  until: string | null;
  undone: string | null;
  mine: boolean;
}
const WHERE = { both: ['Both directions.', 'Hai chiều.'], in: ['Incoming.', 'Chiều vào.'], out: ['Outgoing.', 'Chiều ra.'] };

export function asAction(a: RawAction, mayApprove: boolean): Action {
  const where = WHERE[a.direction ?? 'both'];
  const note = [a.reason, a.note].filter(Boolean).join(' · ');
  return {
    id: a.id, code: a.code, kind: a.kind, object: a.targets, incident: a.incident, incident_code: a.incident_code, state: a.state, title: `Block ${a.targets}`, title_vi: `Chặn ${a.targets}`, where: `${where[0]} ${note}`, where_vi: `${where[1]} ${note}`, seconds: a.seconds, direction: a.direction,
    proposed_by: a.proposer_name ?? '–', proposed_by_id: a.proposer, proposed: a.proposed, lapses: a.lapses, approved_by: a.state === 'refused' ? null : a.approver_name, approved: a.decided, undo_at: a.until, undone: a.undone, checks: [], may_approve: mayApprove && !a.mine && a.state === 'proposed', unit_name: null,
  };
}
