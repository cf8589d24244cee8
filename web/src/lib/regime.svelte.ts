// The law as data, as the node has it: kinds, harms, activities and the zone come from the regime in force, and an
// incident keeps the regime that it was opened under.
import { SvelteMap } from 'svelte/reactivity';
import { api } from './api.ts';
import { clock } from './clock.svelte.ts';
import { said, word } from './lang.svelte.ts';
import type { Regime } from './types_reports.ts';
import { HARMS, KINDS } from './words.ts';

type Group = 'kinds' | 'harms' | 'activities' | 'recipients' | 'reports';

const CURRENT = 'current';
const had = new SvelteMap<string, Regime>();
const asked = new Set<string>();

/* '+07:00' in minutes. */
function minutes(zone: string | null): number | null {
  const m = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? '');
  return m ? (m[1] === '-' ? -1 : 1) * (Number(m[2]) * 60 + Number(m[3])) : null;
}
async function ask(id: string): Promise<void> {
  if (asked.has(id)) return;
  asked.add(id);
  try {
    const got = await api.get<Regime>('/regimes/' + id);
    had.set(id, got);
    had.set(got.id, got);
    const zone = id === CURRENT ? minutes(got.zone) : null;
    if (zone !== null) clock.zoneMinutes = zone;
  } catch {
    asked.delete(id);
  }
}
export function startRegime(): void {
  void ask(CURRENT);
}
function entries(group: Group, id?: string | null): { id: string; en: string; vi: string | null }[] {
  const of = had.get(id ?? CURRENT) ?? had.get(CURRENT);
  if (id && !had.has(id)) queueMicrotask(() => void ask(id));
  return of?.[group] ?? [];
}
/* What the regime calls it; the console's own words for the shipped regimes until that is known. */
export function term(group: Group, value: string | null | undefined, regime?: string | null): string {
  if (!value) return '';
  const found = entries(group, regime).find((e) => e.id === value);
  return found ? said(found.en, found.vi) : group === 'kinds' ? word('kind', value) : group === 'harms' ? word('harm', value) : value;
}
export function terms(group: Group, regime?: string | null): { value: string; label: string }[] {
  const known = entries(group, regime).map((e) => ({ value: e.id, label: said(e.en, e.vi) }));
  if (known.length) return known;
  return (group === 'kinds' ? KINDS : group === 'harms' ? HARMS : []).map((k) => ({ value: k, label: word(group === 'kinds' ? 'kind' : 'harm', k) }));
}
export function zoneName(): string {
  const m = clock.zoneMinutes;
  const [h, rest] = [Math.floor(Math.abs(m) / 60), Math.abs(m) % 60];
  return `GMT${m < 0 ? '−' : '+'}${h}${rest ? ':' + String(rest).padStart(2, '0') : ''}`;
}
