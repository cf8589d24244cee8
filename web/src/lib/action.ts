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
  via?: 'node' | 'webhook' | null;
  trouble?: string | null;
  drill?: boolean;
  until: string | null;
  undone: string | null;
  mine: boolean;
}
/* What is done, in words: [English, Vietnamese]. */
const VERBS: Record<string, [string, string]> = {
  block: ['Block', 'Chặn'],
  isolate_host: ['Isolate', 'Cách ly'],
  disable_account: ['Disable account', 'Khoá tài khoản'],
  stop_service: ['Stop service', 'Dừng dịch vụ'],
  disable_directory_account: ['Disable directory account', 'Khoá tài khoản danh mục'],
};
/* What holds of whatever can be proposed at all: `act` looked at it before, and does so again (doc/containment.md). */
const CHECKS = [
  { ok: true, text: 'Checked against the never-list before it was proposed, and again before it is done.', text_vi: 'Đã đối chiếu danh sách cấm chạm trước khi đề nghị; đối chiếu lại trước khi làm.' },
  { ok: true, text: 'Undoing it is tried first; it undoes itself when its time is over, also after a restart.', text_vi: 'Thử cách gỡ trước khi làm; hết giờ tự gỡ, kể cả khi máy khởi động lại.' },
];
const WHERE = { both: ['Both directions.', 'Hai chiều.'], in: ['Incoming.', 'Chiều vào.'], out: ['Outgoing.', 'Chiều ra.'] };

export function asAction(a: RawAction, mayApprove: boolean): Action {
  const where = a.kind === 'block' ? WHERE[a.direction ?? 'both'] : ['', ''];
  const via = a.via === 'webhook' ? ['By a webhook.', 'Qua webhook.'] : ['', ''];
  const verb = VERBS[a.kind] ?? [a.kind, a.kind];
  const note = [a.reason, a.note].filter(Boolean).join(' · ');
  return {
    id: a.id, code: a.code, kind: a.kind, object: a.targets, incident: a.incident, incident_code: a.incident_code, state: a.state, title: `${verb[0]} ${a.targets}`, title_vi: `${verb[1]} ${a.targets}`, where: [where[0], via[0], note].filter(Boolean).join(' '), where_vi: [where[1], via[1], note].filter(Boolean).join(' '), seconds: a.seconds, direction: a.direction,
    proposed_by: a.proposer_name ?? '–', proposed_by_id: a.proposer, proposed: a.proposed, lapses: a.lapses, approved_by: a.state === 'refused' ? null : a.approver_name, approved: a.decided, undo_at: a.until, undone: a.undone, checks: a.state === 'proposed' ? CHECKS : [], may_approve: mayApprove && !a.mine && a.state === 'proposed', unit_name: null, trouble: a.trouble ?? null, via: a.via ?? null, drill: a.drill ?? false,
  };
}
