// What the API says of live fire (doc/live-fire.md): points in thousandths, places and reports in millionths.
import type { Id, Time } from './types.ts';

export type Level = 'low' | 'medium' | 'high' | 'critical';
export const LEVELS: Level[] = ['low', 'medium', 'high', 'critical'];
export interface Target {
  id: Id;
  system: Id;
  name: string;
  unit: Id;
  unit_name: string;
  addresses: string[];
  hosts: string[];
  consented: boolean;
}
export interface Consent {
  id: Id;
  system: Id;
  system_name: string;
  addresses: string[];
  from: Time;
  to: Time;
  by_name: string | null;
  at: Time;
  withdrawn: Time | null;
  reason: string | null;
}
export interface Declaration {
  exercise: Id;
  side: 'organiser' | 'jury' | 'red' | 'blue';
  objective: string | null;
  objective_vi: string | null;
  tools: string | null;
  limits: string | null;
  forbidden: string | null;
  from: Time | null;
  to: Time | null;
  sources: string[] | null;
  points: Record<Level, number> | null;
  targets: Target[];
  consents: Consent[];
  missing: { code: string; en: string; vi: string }[];
  stopped: Time | null;
  version: number;
}
export interface Team {
  id: Id;
  name: string;
  people: number;
  members: { id: Id; name: string }[] | null;
  mine: boolean;
  active: boolean;
  version: number;
}
export interface RedAct {
  id: Id;
  team: Id;
  team_name: string;
  from: Time;
  to: Time;
  source: string;
  target: Id;
  target_name: string;
  account: string | null;
  technique: string | null;
  text: string;
  by_name: string | null;
  at: Time;
}
export interface Impact {
  resources: number;
  data: number;
  users: number;
}
export interface Finding {
  id: Id;
  code: string;
  team: Id | null;
  team_name: string | null;
  title: string | null;
  target: Id;
  target_name: string;
  unit: Id;
  unit_name: string;
  severity: Level;
  state: 'draft' | 'filed' | 'returned' | 'verified' | 'void' | 'judged' | 'appealed' | 'signed';
  at: Time;
  filed: Time | null;
  place: number | null;
  points: number | null;
  provisional: boolean;
  assisted: boolean;
  mine: boolean;
  marks_n: number;
  marked: boolean;
  voids?: number;
  version: number;
}
export interface FindingDetail extends Finding {
  component: string | null;
  weakness: string | null;
  entry: string | null;
  impact: Impact;
  business: string | null;
  steps: string | null;
  proof: string | null;
  remedy_short: string | null;
  remedy_long: string | null;
  source: string | null;
  account: string | null;
  technique: string | null;
  files: { id: Id; name: string | null; bytes: number; hash: string }[];
  verification: { severity: Level; impact: Impact; report: number; text: string; by_name: string | null; at: Time } | null;
  marks: { severity: Level; impact: Impact; mine: boolean; round: number }[];
  appeal: { text: string; at: Time; answer: string | null; upheld: boolean | null } | null;
  history: { at: Time; what: string; by_name: string | null; text: string | null }[];
}
export interface Match {
  activity: Id | null;
  finding: Id | null;
  unit: Id;
  unit_name: string;
  target: Id;
  target_name: string;
  from: Time;
  to: Time | null;
  seen: { alert: Id; rule_title: string; at: Time; evidence: number; by: string[] }[];
  ambiguous: boolean;
  first_ms: number | null;
  acknowledged_ms: number | null;
  contained_ms: number | null;
}
export interface Standing {
  id?: Id;
  at: Time;
  by_name: string | null;
  final: boolean;
  teams: { team: Id; name: string; points: number; findings: number }[];
}
export interface Standings {
  published: Standing[];
  now: Standing | null;
}
