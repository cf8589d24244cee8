// Numbers, times and spans as they are written in each language. A colon is only for times of day; a span is words.
// The zone is the node's, stated once in the top bar.
import { clock } from './clock.svelte.ts';
import { lang, t } from './lang.svelte.ts';

type When = string | number | null | undefined;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS_EN = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const DAYS_VI = ['CN', 'T2', 'T3', 'T4', 'T5', 'T6', 'T7'];
const DAYS_VI_LONG = ['Chủ Nhật', 'Thứ Hai', 'Thứ Ba', 'Thứ Tư', 'Thứ Năm', 'Thứ Sáu', 'Thứ Bảy'];
const two = (n: number) => String(n).padStart(2, '0');

export function ms(when: When): number {
  if (when === null || when === undefined || when === '') return NaN;
  return typeof when === 'number' ? when : Date.parse(when);
}
/* A Date whose UTC parts are the node's local ones. */
function local(when: When): Date | null {
  const at = ms(when);
  return Number.isFinite(at) ? new Date(at + clock.zoneMinutes * 60_000) : null;
}
const dayOf = (d: Date) => Math.floor(d.getTime() / 86_400_000);

export function time(when: When): string {
  const d = local(when);
  return d ? `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}` : '–';
}
export function timeSeconds(when: When): string {
  const d = local(when);
  return d ? `${time(when)}:${two(d.getUTCSeconds())}` : '–';
}
export function date(when: When): string {
  const d = local(when);
  if (!d) return '–';
  if (lang.now === 'vi') return `${two(d.getUTCDate())}/${two(d.getUTCMonth() + 1)}/${d.getUTCFullYear()}`;
  return `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]} ${d.getUTCFullYear()}`;
}
export function dateShort(when: When): string {
  const d = local(when);
  if (!d) return '–';
  return lang.now === 'vi' ? `${d.getUTCDate()}/${d.getUTCMonth() + 1}` : `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]}`;
}
export function dateTime(when: When): string {
  return Number.isFinite(ms(when)) ? `${time(when)} ${date(when)}` : '–';
}
/* To the second; with its day when that is not today. */
export function moment(when: When): string {
  const d = local(when);
  const now = local(clock.minute);
  if (!d || !now) return '–';
  return dayOf(d) === dayOf(now) ? timeSeconds(when) : `${timeSeconds(when)} ${d.getUTCFullYear() === now.getUTCFullYear() ? dateShort(when) : date(when)}`;
}
/* The last `n` days as the node's zone has them, oldest first: 'YYYY-MM-DD'. */
export function lastDays(n: number): string[] {
  const now = local(clock.minute)!.getTime();
  return Array.from({ length: n }, (_, i) => new Date(now - (n - 1 - i) * 86_400_000).toISOString().slice(0, 10));
}
/* Today: the time alone; else with its day. */
export function stamp(when: When): string {
  const d = local(when);
  const now = local(clock.minute);
  if (!d || !now) return '–';
  if (dayOf(d) === dayOf(now)) return time(when);
  return `${time(when)} ${d.getUTCFullYear() === now.getUTCFullYear() ? dateShort(when) : date(when)}`;
}
export function weekday(when: When): string {
  const d = local(when);
  return d ? (lang.now === 'vi' ? DAYS_VI_LONG : DAYS_EN)[d.getUTCDay()]! : '';
}
/* '04:05 hôm nay', '00:41 mai 19/11', '00:41 T7 21/11'. */
export function due(when: When): string {
  const d = local(when);
  const now = local(clock.minute);
  if (!d || !now) return '–';
  const apart = dayOf(d) - dayOf(now);
  if (apart === 0) return `${time(when)} ${t('time.today')}`;
  if (apart === 1) return `${time(when)} ${t('time.tomorrow')} ${dateShort(when)}`;
  if (apart === -1) return `${time(when)} ${t('time.yesterday')}`;
  const day = (lang.now === 'vi' ? DAYS_VI : DAYS_EN)[d.getUTCDay()]!;
  return `${time(when)} ${day} ${Math.abs(apart) < 300 ? dateShort(when) : date(when)}`;
}

/* 53 phút; 21 giờ 29 phút; 2 ngày 21 giờ. `exact`: below ten minutes with its seconds. */
export function span(length: number, exact = false): string {
  const s = Math.max(0, Math.floor(length / 1000));
  const d = Math.floor(s / 86_400);
  const h = Math.floor((s % 86_400) / 3600);
  const m = Math.floor((s % 3600) / 60);
  const days = (n: number) => t('time.days', { n });
  const hours = (n: number) => t('time.hours', { n });
  const minutes = (n: number) => t('time.minutes', { n });
  if (d >= 1) return h && d < 10 ? `${days(d)} ${hours(h)}` : days(d);
  if (h >= 1) return m ? `${hours(h)} ${minutes(m)}` : hours(h);
  if (m >= 10 || (m >= 1 && !exact)) return minutes(m);
  if (m >= 1) return `${minutes(m)} ${t('time.seconds', { n: s % 60 })}`;
  return t('time.seconds', { n: s });
}
/* For columns: '1 giờ 20', '43 phút', '5 ngày'. */
export function spanShort(length: number): string {
  const s = Math.max(0, Math.floor(length / 1000));
  const d = Math.floor(s / 86_400);
  const h = Math.floor((s % 86_400) / 3600);
  const m = Math.floor((s % 3600) / 60);
  if (d >= 1) return t('time.days', { n: d });
  if (h >= 10) return t('time.hours', { n: h });
  if (h >= 1) return m ? `${t('time.hours', { n: h })} ${two(m)}` : t('time.hours', { n: h });
  if (m >= 1) return t('time.minutes', { n: m });
  return t('time.seconds', { n: s });
}
export function ago(when: When): string {
  const at = ms(when);
  return Number.isFinite(at) ? spanShort(clock.minute - at) : '–';
}
export function until(when: When): string {
  const at = ms(when);
  return Number.isFinite(at) ? spanShort(at - clock.minute) : '–';
}
export function every(seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined ? '–' : span(Math.max(1, seconds) * 1000);
}

export function number(n: number | null | undefined, digits = 0): string {
  if (n === null || n === undefined || !Number.isFinite(n)) return '–';
  const [whole, part] = Math.abs(n).toFixed(digits).split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+(?!\d))/g, lang.now === 'vi' ? '.' : ',');
  return (n < 0 ? '−' : '') + grouped + (part ? (lang.now === 'vi' ? ',' : '.') + part : '');
}
export function bytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  let v = n;
  while (v >= 1024 && i < units.length - 1) {
    v /= 1024;
    i++;
  }
  return `${number(v, i && v < 100 ? 1 : 0)} ${units[i]}`;
}
/* What a person types for a moment, in the node's zone: '03:30', '03:30 18/11', '18/11/2026', '2026-11-18 03:30',
 * '03:30 18 Nov 2026'. RFC 3339 in UTC; null: nothing that can be understood. */
export function parseWhen(text: string): string | null {
  const now = local(clock.now());
  if (!text.trim() || !now) return null;
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text.trim())) return text.trim();
  const hour = /(\d{1,2}):(\d\d)(?::(\d\d))?/.exec(text);
  const rest = hour ? text.replace(hour[0], ' ') : text;
  let [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  const iso = /(\d{4})-(\d{1,2})-(\d{1,2})/.exec(rest);
  const slashed = /(\d{1,2})[/.](\d{1,2})(?:[/.](\d{4}))?/.exec(rest);
  const named = /(\d{1,2})\s+([a-z]{3})[a-z]*(?:\s+(\d{4}))?/i.exec(rest);
  if (iso) [year, month, day] = [Number(iso[1]), Number(iso[2]) - 1, Number(iso[3])];
  else if (slashed) [year, month, day] = [Number(slashed[3] ?? year), Number(slashed[2]) - 1, Number(slashed[1])];
  else if (named) [year, month, day] = [Number(named[3] ?? year), MONTHS.findIndex((m) => m.toLowerCase() === named[2]!.toLowerCase()), Number(named[1])];
  else if (!hour || rest.trim()) return null;
  const [h, m, s] = hour ? [Number(hour[1]), Number(hour[2]), Number(hour[3] ?? 0)] : [0, 0, 0];
  if (month < 0 || month > 11 || day < 1 || day > 31 || h > 23 || m > 59 || s > 59) return null;
  const at = Date.UTC(year, month, day, h, m, s);
  if (new Date(at).getUTCDate() !== day) return null;
  return new Date(at - clock.zoneMinutes * 60_000).toISOString();
}

/* A host by its own name; the domain stands in the title. */
export function shortHost(host: string | null): string {
  return host ? (/^[\d.]+$|:/.test(host) ? host : host.split('.')[0]!) : '–';
}
