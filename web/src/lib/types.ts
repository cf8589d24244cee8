// What the API answers, as far as the pages read it. Times are RFC 3339 in UTC; unknown is null. doc/openapi.json is
// the authority; tools/check_api.mjs says where these types and that file part.

export type Id = number;
export type Time = string;
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';

export interface List<T> {
  items: T[];
  next: string | null;
  total: number | null;
}

export interface Session {
  person: { id: Id; name: string; login: string; lang: 'vi' | 'en' | null; title: string | null };
  roles: { role: string; unit: Id; unit_name: string }[];
  permissions: string[];
  lent?: string[];
  level_idle_s: number | null;
  second_at: Time | null;
  expires: Time;
  must_change_password: boolean;
  needs_totp: boolean;
  now: Time;
  step?: 'totp' | 'new_password' | null;
  first_run?: boolean;
}

export interface Unit {
  id: Id;
  name: string;
  name_vi: string | null;
  code: string | null;
  parent: Id | null;
  path_names: string[] | null;
  depth: number;
  kind: string | null;
  contacts: string | null;
  children: number;
}

export interface Role {
  id: Id;
  role: string;
  unit: Id;
  unit_name: string;
}

export interface Person {
  id: Id;
  login: string;
  name: string;
  title: string | null;
  phone: string | null;
  email: string | null;
  unit: Id | null;
  unit_name: string | null;
  roles: Role[];
  active: boolean;
  created: Time;
  last_seen: Time | null;
  second_factor: boolean;
  has_password?: boolean;
  signs_in?: 'local' | 'directory' | 'oidc';
  external?: string | null;
  unused?: boolean;
  locked_until?: Time | null;
  version: number;
}

export interface System {
  id: Id;
  name: string;
  code: string | null;
  unit: Id;
  unit_name: string;
  level: number | null;
  level_approved: boolean;
  level_decision: string | null;
  owner: string | null;
  operator: string | null;
  purpose: string | null;
  rto_s: number | null;
  rpo_s: number | null;
  data: string[];
  hosts: string[];
  addresses: string[];
  sources: string[];
  contacts: string | null;
  version: number;
}

export type AlertStatus = 'new' | 'taken' | 'merged' | 'dismissed' | 'closed' | 'suppressed';

export interface Alert {
  id: Id;
  status: AlertStatus;
  severity: Severity;
  title: string;
  title_vi: string | null;
  rule: string;
  rule_kind: string | null;
  tags: string[];
  host: string | null;
  user: string | null;
  source: string | null;
  entity: string | null;
  system: Id | null;
  system_name: string | null;
  system_level: number | null;
  unit: Id | null;
  count: number;
  first: Time | null;
  last: Time | null;
  raised: Time;
  waiting_since: Time | null;
  taken_by: string | null;
  taken_at: Time | null;
  incident: Id | null;
  incident_code: string | null;
  dismiss_reason: string | null;
  drill: boolean;
  retro: boolean;
  again?: number;
  version: number;
}

export interface Why {
  n: number;
  field: string;
  op: string;
  value: string;
  text_en: string | null;
  text_vi: string | null;
}
export interface AlertEvent {
  which: string;
  seq: number;
  received: Time;
  fields: Record<string, unknown>;
  raw?: string | null;
  marks: { from: number; to: number; n: number }[];
  raw_as?: 'text' | 'json';
  store?: string | null;
  sealed?: boolean;
}
export interface AlertDetail extends Alert {
  masked?: boolean;
  description: string | null;
  description_vi: string | null;
  text?: string | null;
  why: Why[];
  events: AlertEvent[];
  history: {
    days: { day: string; n: number }[];
    first_on_host: boolean | null;
    earlier: { id: Id; raised: Time; status: AlertStatus; host: string | null; dismiss_reason: string | null }[];
  } | null;
  suggestions: { id: Id; code: string; title: string; why_en: string | null; why_vi: string | null }[];
}

export type ClockState = 'maybe' | 'running' | 'near' | 'late' | 'met' | 'met_late' | 'void';
export interface Clock {
  id: Id;
  incident: Id;
  incident_code: string | null;
  incident_title: string | null;
  drill?: boolean;
  clock: string;
  regime: string;
  title: string;
  title_vi: string | null;
  basis: string;
  checked: string | null;
  report: string | null;
  begins: Time;
  due: Time;
  left_s: number | null;
  state: ClockState;
  met_at: Time | null;
  met_by: string | null;
  proof: string | null;
  held_by: string | null;
  report_id?: Id | null;
}

export interface Incident {
  id: Id;
  code: string;
  title: string;
  state: string;
  severity: Severity;
  kind: string | null;
  serious: 'yes' | 'no' | 'unknown';
  regime: string | null;
  unit: Id;
  unit_name: string | null;
  system: Id | null;
  system_name: string | null;
  level: number | null;
  lead: Id | null;
  lead_name: string | null;
  t0: Time;
  opened: Time;
  closed: Time | null;
  next_due: Time | null;
  alerts: number;
  tasks_open: number;
  tlp: string | null;
  drill: boolean;
  version: number;
}
export interface Activity {
  id: string;
  title: string;
  title_vi: string | null;
  state: 'none' | 'doing' | 'done';
  begun: Time | null;
  done: Time | null;
  tasks: number;
  tasks_done: number;
}
export interface Move {
  to: string;
  title: string;
  title_vi: string | null;
  missing: string[];
  missing_vi: string[];
}
export interface IncidentDetail extends Incident {
  summary: string | null;
  harm: string | null;
  severity_by: 'table' | 'person' | null;
  occurred: Time | null;
  detection: string | null;
  scope: string | null;
  data_kinds: string | null;
  data_subjects: number | null;
  contained: Time | null;
  restored: Time | null;
  opened_by: string | null;
  serious_by: string | null;
  serious_at: Time | null;
  activities: Activity[];
  clocks: Clock[];
  moves: Move[];
  systems: { id: Id; name: string; level: number; unit_name: string | null; main: boolean; alerts: number }[];
  units: { id: Id; name: string }[] | null;
}
export interface TimelineEntry {
  id: Id;
  at: Time;
  written: Time;
  kind: 'alert' | 'note' | 'message' | 'action' | 'evidence' | 'task' | 'state' | 'clock' | 'report' | 'correction';
  by: Id | null;
  by_name: string | null;
  text: string;
  text_vi: string | null;
  about: string | null;
  about_id: Id | null;
  corrects: Id | null;
}
export interface Task {
  id: Id;
  incident: Id;
  incident_code: string | null;
  title: string;
  note: string | null;
  activity: string | null;
  state: 'open' | 'doing' | 'done' | 'dropped';
  owner: Id | null;
  owner_name: string | null;
  due: Time | null;
  step: string | null;
  done_at: Time | null;
  done_by: string | null;
  version: number;
}
export interface Observable {
  id: Id;
  type: string;
  value: string;
  role: 'attacker' | 'victim' | 'unknown' | 'innocent';
  note: string | null;
  tlp: string | null;
  count: number;
  at: Time | null;
  by_name: string | null;
}
export interface Question {
  id: string;
  en: string;
  vi: string | null;
  basis: string | null;
  checked: string | null;
  answer: 'yes' | 'no' | 'unknown';
  known: boolean;
  asked: boolean;
  note: string | null;
  by_name: string | null;
  at: Time | null;
}
export interface AssessmentAnswer {
  regime: string | null;
  questions: Question[];
  suggests: 'yes' | 'no' | 'unknown';
  serious: 'yes' | 'no' | 'unknown';
  notice: string | null;
  notice_vi: string | null;
}
export interface Review {
  cause: string;
  vector: string;
  weakness: string;
  detected: string;
  missed: string;
  went_well: string;
  went_badly: string;
  lessons: string;
  at: Time | null;
  by_name: string | null;
}

export interface Decision {
  drill?: boolean;
  id: Id;
  kind: 'action_approve' | 'action_prolong' | 'report_sign' | 'evidence_export' | 'directive' | 'unmask' | 'playbook' | 'handover' | 'task' | 'improvement';
  code: string;
  title: string;
  title_vi: string | null;
  incident: Id | null;
  incident_code: string | null;
  by: string | null;
  asked: Time | null;
  due: Time | null;
  mine: boolean;
}
export interface Silent {
  name: string;
  kind: string | null;
  since: Time;
  usual_every_s: number | null;
  severity: Severity | null;
  maintenance_until: Time | null;
  system_name: string | null;
}
export interface OnDuty {
  id: Id;
  name: string;
  role: string;
  phone: string | null;
  note_en: string | null;
  note_vi: string | null;
  warn: boolean;
  me: boolean;
  unit_name?: string | null;
  until?: Time | null;
}
export interface Tonight {
  headline: { waiting: number; next_decision: Time | null; next_deadline: Time | null };
  clocks: Clock[];
  clocks_total?: number | null;
  met: Clock[];
  decisions: Decision[];
  alerts: { new: number | null; groups: number | null; items: (Alert & { group_alerts?: number; group_hosts?: number })[] };
  silent: Silent[];
  sources: { total: number; silent: number; maintenance?: number; rate: number | null } | null;
  /* A handover note that waits for this person. */
  unacknowledged?: { id: Id; at: Time; by_name: string; unit_name: string } | null;
  incidents?: { open: number };
  duty: OnDuty[];
  handover_at: Time | null;
  last_decision?: { code: string; title: string; title_vi: string | null; at: Time } | null;
  now: Time;
  behind_ms: number | null;
}

export interface Source {
  id: Id;
  name: string;
  kind: string | null;
  system: Id | null;
  system_name: string | null;
  unit: Id | null;
  unit_name: string | null;
  state: 'sending' | 'silent' | 'maintenance' | 'never';
  last_seen: Time | null;
  usual_every_s: number | null;
  rate: number | null;
  received: number | null;
  refused: number | null;
  malformed: number | null;
  behind_s: number | null;
  silent_since: Time | null;
  maintenance_until: Time | null;
  maintenance_reason?: string | null;
}

export interface Action {
  id: Id;
  code: string;
  kind: string;
  object: string;
  incident: Id | null;
  incident_code: string | null;
  state: string;
  seconds: number;
  direction: string | null;
  title: string;
  title_vi: string | null;
  where: string | null;
  where_vi: string | null;
  proposed_by: string;
  proposed_by_id: Id | null;
  proposed: Time;
  lapses: Time | null;
  approved_by: string | null;
  approved: Time | null;
  undo_at: Time | null;
  undone: Time | null;
  checks: { ok: boolean; text: string; text_vi: string | null }[];
  may_approve: boolean;
  unit_name: string | null;
  trouble: string | null;
  via: 'node' | 'webhook' | null;
  drill: boolean;
}

export interface Report {
  id: Id;
  code: string;
  incident: Id | null;
  incident_code: string | null;
  kind: string;
  title: string;
  title_vi: string | null;
  state: 'draft' | 'signing' | 'signed' | 'sent' | 'dropped';
  due: Time | null;
  missing: number;
  missing_fields: { name: string; text: string; text_vi: string | null }[];
  signatures: { id?: Id; name: string; at: Time }[];
  to?: string | null;
  to_name?: string | null;
  to_name_vi?: string | null;
  lang?: 'vi' | 'en';
  unit_name?: string | null;
  drill?: boolean;
  writer?: string | null;
  written?: Time | null;
  version: number;
}

export interface AuditRow {
  id: Id;
  time: Time;
  who: string;
  what: string;
  about: string | null;
  detail: unknown;
  hash: string | null;
  drill?: boolean;
}

export interface SearchHit {
  kind: 'event';
  seq: number;
  at: number;
  time: Time | null;
  received: Time;
  source: string | null;
  host: string | null;
  user: string | null;
  text: string | null;
  fields: Record<string, string>;
}
export interface SearchNumbers {
  found: number;
  records: number;
  bytes: number;
  seconds: number;
}
export interface SearchEnd extends Partial<SearchNumbers> {
  kind: 'end';
  state: 'done' | 'limit' | 'time' | 'cut';
  lost?: number;
  left_out?: number;
  others?: number;
  dropped?: number;
}
export type SearchLine =
  | { kind: 'begin'; masked: boolean; pipes: 'events' | 'count' | 'top' | 'timeline'; columns: string[]; from: Time | null; to: Time | null }
  | SearchHit
  | { kind: 'row'; values: string[]; count: number }
  | { kind: 'bucket'; time: Time; count: number }
  | ({ kind: 'progress' } & SearchNumbers)
  | SearchEnd;
export interface SavedSearch {
  id: Id;
  name: string;
  q: string;
  span_s: number | null;
  shared: boolean;
  unit: Id;
  unit_name: string;
  by_name: string | null;
  mine: boolean;
  created: Time;
  version: number;
}
export interface Unmasking {
  id: Id;
  code: string;
  incident: Id;
  incident_code: string;
  unit: Id;
  by: Id | null;
  by_name: string | null;
  reason: string;
  q: string | null;
  from: Time;
  to: Time;
  state: 'waiting' | 'active' | 'refused' | 'ended' | 'expired';
  asked: Time;
  decided: Time | null;
  approver: Id | null;
  approver_name: string | null;
  note: string | null;
  expires: Time | null;
  uses: number;
  last_used: Time | null;
  mine: boolean;
}
/* Of GET /alerts/{id}/events: the records as they were received, judged again. */
export interface AlertRecords {
  masked: boolean;
  why: Why[];
  events: (AlertEvent & { raw_as: 'text' | 'json'; cut: boolean })[];
  missing: number[];
}

export interface ImportAnswer {
  done: boolean;
  lines: number;
  added: number;
  changed: number;
  n_faults: number;
  faults: { line: number; field: string; fault: string; remedy: string; value: string | null }[];
}

export interface Setting {
  name: string;
  value: string;
  en: string;
  vi: string;
  source: string | null;
}

export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string | null;
  code?: string | null;
  fields?: { field: string; fault: string; remedy: string }[];
}
