// What leaves the node, and directives to units, as the API answers them.
import type { Id, Severity, Time } from './types.ts';

export interface Outgoing {
  id: Id;
  kind: 'mail' | 'webhook';
  state: 'queued' | 'sent' | 'failed' | 'held' | 'cancelled';
  to: string;
  subject: string | null;
  about: string | null;
  incident: Id | null;
  unit: Id | null;
  created: Time;
  created_by_name: string | null;
  due: Time | null;
  tries: number;
  last_try: Time | null;
  last_error: string | null;
  sent: Time | null;
  drill: boolean;
  files: number | { name: string; type?: string | null; size?: number | null }[] | null;
}
export interface OutgoingDetail extends Outgoing {
  body: string | null;
  message_id: string | null;
}
export interface OutgoingStatus {
  up: boolean;
  mail: boolean | string | null;
  webhooks: string[];
  queued: number;
  failed: number;
  held: number;
  oldest: Time | null;
  last_error: string | null;
  last_error_at: Time | null;
}
export interface Warnings {
  deadline_mail: boolean;
  deadline_webhook: string | boolean | null;
  critical_mail: boolean;
  digest_hour: number | null;
  reminder_hours: number | null;
}
export interface Directive {
  id: Id;
  code: string;
  kind: 'advisory' | 'order';
  severity: Severity;
  title: string;
  text: string;
  tlp: string | null;
  state: 'draft' | 'issued' | 'withdrawn';
  unit: Id;
  unit_name: string;
  incident: Id | null;
  incident_code: string | null;
  created: Time;
  created_by_name: string | null;
  issued: Time | null;
  issued_by_name: string | null;
  due: Time | null;
  rules: boolean;
  indicators: boolean;
  units: number;
  acknowledged: number;
  done: number;
  overdue: number;
  mine: number;
  version: number;
}
export interface DirectiveAnswer {
  unit: Id;
  unit_name: string;
  state: 'open' | 'acknowledged' | 'done' | 'declined';
  overdue: boolean;
  acknowledged: Time | null;
  acknowledged_by_name: string | null;
  done: Time | null;
  done_by_name: string | null;
  proof: string | null;
  evidence: Id | string | null;
  reminded: Time | null;
  reminders: number;
  mine: boolean;
}
export interface DirectiveDetail extends Directive {
  rules_text: string | null;
  indicators_text: string | null;
  checked: string | null;
  answers: DirectiveAnswer[];
}
