// Handover, exceptions, opening rules, settings, figures, guests, as the API answers them.
import type { Clock, Decision, Id, Severity, Silent, Time } from './types.ts';

export interface NoteIncident {
  id: Id;
  code: string;
  title: string;
  severity: Severity;
  state: string;
  serious: string;
  lead_name: string | null;
  next_due: Time | null;
}
/* The note as it is made by itself; parts that one may not see are absent or null. */
export interface HandoverDocument {
  unit: Id | null;
  unit_name: string | null;
  from: Time;
  to: Time;
  items?: { at: Time; text: string; text_vi: string | null; incident: Id | null; incident_code: string | null }[] | null;
  opened?: NoteIncident[] | null;
  closed?: NoteIncident[] | null;
  moved?: { at: Time; incident: Id; incident_code: string; text: string; text_vi: string | null }[] | null;
  waiting?: { kind: string; id: Id; code: string | null; title: string; title_vi: string | null; due: Time | null; owner_name: string | null }[] | null;
  deadlines?: Clock[] | null;
  next_until?: Time | null;
  silent?: Silent[] | null;
  containment?: { id: Id; code: string; targets: string; state: string; until: Time | null; incident: Id | null; incident_code: string | null }[] | null;
  decisions?: Decision[] | null;
  alerts?: { new: number; by_severity: Record<Severity, number>; oldest: Time | null } | null;
  open?: { alerts: number | null; tasks: number | null; actions: number | null; incidents: number | null } | null;
  previous?: { id: Id; at: Time; by_name: string; acknowledged_by_name: string | null } | null;
  text_en?: string | null;
  text_vi?: string | null;
}
export interface Handover {
  id: Id;
  unit: Id;
  unit_name: string;
  from: Time;
  to: Time;
  at: Time;
  by: Id;
  by_name: string;
  text: string | null;
  for: Id | null;
  for_name: string | null;
  state: 'waiting' | 'acknowledged';
  acknowledged_at: Time | null;
  acknowledged_by_name: string | null;
  acknowledged_text: string | null;
  document?: HandoverDocument | null;
}
export interface Exception {
  id: Id;
  key: string;
  origin: 'desk' | 'file';
  state: 'active' | 'expired' | 'ended';
  rule: string;
  rule_title: string | null;
  rule_title_vi: string | null;
  by: { field: string; value: string }[];
  text: string | null;
  owner: Id | null;
  owner_name: string | null;
  reason: string | null;
  until: Time | null;
  made_at: Time | null;
  made_by_name: string | null;
  ended_at: Time | null;
  ended_by_name: string | null;
  alert: Id | null;
  unit_name: string | null;
  count: number | null;
  last: Time | null;
}
export interface OpeningRule {
  id: Id;
  name: string;
  unit: Id;
  unit_name: string;
  match: string;
  value: string | null;
  severity: Severity | null;
  level: number | null;
  kind: string | null;
  per_hour: number;
  active: boolean;
  opened: number;
  held?: number;
  last: Time | null;
  version: number;
}
export interface SettingItem {
  name: string;
  group: string;
  type: 'int' | 'text' | 'enum' | 'bool';
  value: string | number | boolean | null;
  default: string | number | boolean | null;
  min: number | null;
  max: number | null;
  values: string[] | string | null;
  unit: string | null;
  en: string;
  vi: string;
  changed_at: Time | null;
  changed_by_name: string | null;
}
export interface SettingsAnswer {
  version: number;
  items: SettingItem[];
  configuration: { name: string; value: string | number | boolean | null }[];
}
export interface Measure {
  n: number;
  median_s: number;
  p90_s: number;
}
export interface Figure {
  key: string;
  name: string;
  name_vi: string | null;
  incidents: number;
  detect: Measure | null;
  acknowledge: Measure | null;
  contain: Measure | null;
  recover: Measure | null;
  report: Measure | null;
}
export interface Figures {
  by: string;
  since: Time;
  until: Time;
  hidden: number;
  items: Figure[];
  all: Figure | null;
}
export interface Guest {
  id: Id;
  person: Id;
  name: string;
  email: string | null;
  organisation: string;
  tlp: string;
  since: Time;
  until: Time;
  state: 'active' | 'ended';
  given_by_name: string | null;
}
