// Evidence, recovery and improvements, as the API answers them.
import type { Id, Time } from './types.ts';

export interface Custody {
  n: number;
  at: Time;
  by: Id | null;
  by_name: string | null;
  what: 'taken' | 'viewed' | 'exported' | 'handed_over' | 'sealed';
  to: string | null;
  reason: string | null;
  from: string | null;
  hash: string;
}
export interface Evidence {
  id: Id;
  drill?: boolean;
  code: string;
  incident: Id;
  incident_code: string;
  unit: Id;
  kind: 'file' | 'range';
  name: string;
  size: number | null;
  hash: string | null;
  note: string | null;
  origin: string | null;
  taken: Time | null;
  added: Time;
  added_by_name: string | null;
  first_seq: number | null;
  last_seq: number | null;
  query: string | null;
  hold: string | null;
  hold_state: 'none' | 'asked' | 'held' | 'failed' | null;
  custody_n: number;
  custody_head: string | null;
  sealed: boolean;
  version: number;
}
export interface EvidenceDetail extends Evidence {
  custody: Custody[];
}
export interface EvidenceExport {
  id: Id;
  drill?: boolean;
  incident: Id;
  incident_code: string;
  unit: Id;
  reason: string;
  state: 'proposed' | 'refused' | 'withdrawn' | 'lapsed' | 'signed';
  proposed: Time;
  proposer: Id | null;
  proposer_name: string | null;
  lapses: Time | null;
  decided: Time | null;
  approver_name: string | null;
  note: string | null;
  items: number;
  bytes: number | null;
  hash: string | null;
  mine: boolean;
}
export interface Said {
  code: string;
  en: string;
  vi: string | null;
  detail?: string | null;
}
export interface PlanStep {
  n: number;
  name: string;
  title: string;
  detail: string | null;
  who: string | null;
  minutes: number | null;
  after: string[];
  wave: number;
}
export interface Plan {
  version: number;
  made: Time;
  by_name: string | null;
  note: string | null;
  minutes: number | null;
  steps: PlanStep[];
}
export interface Copy {
  id: Id;
  system: Id;
  name: string;
  medium: string;
  site: string | null;
  off_site: boolean;
  offline: boolean;
  repository: string | null;
  note: string | null;
  verified: Time | null;
  stated_by_name: string | null;
  stated: Time | null;
}
export interface Repository {
  name: string;
  kind: 'restic' | 'borg';
  system: Id | null;
  system_name: string | null;
  every_days: number | null;
  next: Time | null;
  running: Id | null;
  last: { drill: Id; state: string; at: Time | null; good?: boolean | null } | null;
  configured?: boolean;
}
export interface Drill {
  id: Id;
  repository: string;
  kind: string;
  system: Id | null;
  system_name: string | null;
  state: 'queued' | 'running' | 'done' | 'failed';
  whole: boolean;
  asked: Time;
  asked_by_name: string | null;
  begun: Time | null;
  ended: Time | null;
  attempt: number;
  good: boolean | null;
  snapshot: string | null;
  snapshot_at: Time | null;
  age_s: number | null;
  rpo_s: number | null;
  rpo_ok: boolean | null;
  seconds: number | null;
  rto_s: number | null;
  rto_ok: boolean | null;
  estimate_s: number | null;
  files: number | null;
  bytes: number | null;
  files_checked: number | null;
  expected: number | null;
  all_files?: number | null;
  all_bytes?: number | null;
  faults: Said[];
  proof: string | null;
  log: string | null;
}
export interface Rule321 {
  copies: number;
  media: number;
  off_site: number;
  offline: number;
  verified: number;
  copies_ok: boolean;
  media_ok: boolean;
  off_site_ok: boolean;
  offline_ok: boolean;
  verified_ok: boolean;
  faults: Said[];
}
export interface SystemRecovery {
  system: Id;
  system_name: string;
  rto_s: number | null;
  rpo_s: number | null;
  plan: Plan | null;
  versions: { version: number; made: Time; by_name: string | null; note: string | null }[];
  rule321: Rule321 | null;
  copies: Copy[];
  repositories: Repository[];
  drills: Drill[];
}
export interface Eradication {
  items: { id: Id; n: number; title: string; title_vi: string | null; state: 'open' | 'done' | 'not_needed'; note: string | null; at: Time | null; by_name: string | null; version: number }[];
  open: number;
  done: number;
  drill?: boolean;
}
export interface Return {
  id: Id;
  system: Id;
  system_name: string;
  state: 'watching' | 'well' | 'came_back';
  returned: Time;
  until: Time;
  checks: string | null;
  note: string | null;
  alerts_since: number | null;
  ended: Time | null;
  by_name: string | null;
  version: number;
}
export interface Improvement {
  id: Id;
  incident: Id;
  incident_code: string;
  unit: Id;
  kind: 'task' | 'rule_request';
  title: string;
  detail: string | null;
  owner: Id | null;
  owner_name: string | null;
  due: Time | null;
  overdue: boolean;
  state: 'open' | 'doing' | 'done' | 'dropped';
  note: string | null;
  created: Time;
  created_by_name: string | null;
  done_at: Time | null;
  version: number;
}
export interface Improvements {
  open: number;
  overdue: number;
  rule_requests: number;
  next_due: Time | null;
}
