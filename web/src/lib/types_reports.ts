// Reports and the regime, as the API answers them.
import type { Id, Report, Time } from './types.ts';

export interface ReportField {
  name: string;
  title: string;
  title_vi: string | null;
  must: boolean;
  kind: 'line' | 'text' | 'time';
  basis: string | null;
  value: string | null;
  filled: boolean;
}
export interface ReportSent {
  how: 'mail' | 'hand';
  to: string | null;
  at: Time | null;
  by: string | null;
  proof: string | null;
  mail: Id | null;
  mail_state: string | null;
}
export interface ReportDetail extends Report {
  basis: string | null;
  checked: string | null;
  official: boolean | null;
  notice: string | null;
  notice_vi: string | null;
  subject: string | null;
  hash: string | null;
  fields: ReportField[];
  versions: { n: number; at: Time; by: string | null; hash: string | null; note: string | null }[];
  mine: boolean;
  may_sign: boolean;
  sent: ReportSent | null;
}
export interface ReportKind {
  kind: string;
  title: string;
  title_vi: string | null;
  basis: string | null;
  checked: string | null;
  official: boolean | null;
  due: Time | null;
  clock: Id | null;
  to: string | null;
  report: Id | null;
}
export interface Periodic {
  id: string;
  title: string;
  title_vi: string | null;
  basis: string | null;
  before: string;
  due: Time | null;
  to: string | null;
  year: number;
  report: Id | null;
}

interface Named {
  id: string;
  en: string;
  vi: string | null;
}
export interface Regime {
  id: string;
  name: string;
  name_vi: string | null;
  country: string | null;
  zone: string | null;
  notice: string | null;
  notice_vi: string | null;
  recipients: Named[];
  kinds: Named[];
  harms: Named[];
  activities: Named[];
  clocks: (Named & { basis: string | null })[];
  reports: Named[];
  levels: { level: number; en: string; vi: string | null; approval: string | null }[];
}
