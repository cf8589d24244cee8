// Small readers of scenarios and boards: when something is played, in words; what a cell says.
import { drillTime } from './drill.svelte.ts';
import { number, span } from './format.ts';
import { said, t, word } from './lang.svelte.ts';
import type { CellState, PlanCondition, PlanText, PlanWhen, ScenarioPlan } from './types_exercise.ts';

export const text = (of: PlanText | null | undefined): string => (of ? said(of.en || null, of.vi || null) : '');

const nameIn = (of: ScenarioPlan, id: string | null | undefined): string => {
  const found = of.steps.find((s) => s.id === id) ?? of.injects.find((i) => i.id === id);
  return found ? `“${text(found.title)}”` : (id ?? '');
};
/* 'ngăn chặn dc', 'không (…)', '… và …'. */
function conditionText(c: PlanCondition | undefined, of: ScenarioPlan, depth = 0): string {
  if (!c || depth > 8) return '';
  const below = () => (of.conditions ?? []).slice(c.first ?? 0, (c.first ?? 0) + (c.n ?? 0)).map((x) => conditionText(x, of, depth + 1));
  if (c.op === 'not') return t('when.not', { what: below().join(', ') });
  if (c.op === 'all' || c.op === 'any') return below().join(c.op === 'all' ? ` ${t('when.and')} ` : ` ${t('when.or')} `);
  if (c.op === 'fact') return [word('exfact', c.fact), c.object ?? ''].filter(Boolean).join(' ');
  if (c.op === 'played') return t('when.played', { what: nameIn(of, c.object) });
  return t('when.chose', { what: nameIn(of, c.object), choice: text(of.injects.find((i) => i.id === c.object)?.choices.find((x) => x.id === c.value)?.text) || (c.value ?? '') });
}

/* '00:12', 'sau "Thư lừa" 5 phút', with its condition. */
export function whenText(w: PlanWhen, of: ScenarioPlan): string {
  const from = w.after ? (of.steps.find((s) => s.id === w.after) ?? of.injects.find((i) => i.id === w.after)) : null;
  const at = w.after ? t('when.after', { what: from ? text(from.title) : w.after, span: w.delay ? span(w.delay) : '' }).trim() : drillTime(w.at ?? 0);
  const conditional = typeof w.condition === 'number' ? w.condition >= 0 : !!w.condition;
  if (!conditional) return at;
  const what = typeof w.condition === 'number' ? conditionText(of.conditions?.[w.condition], of) : '';
  return `${at}, ${w.wait ? t('when.wait') : t('when.condition')}${what ? ': ' + what : ''}`;
}
/* A template's name with the place of the unit's code in words. */
export const template = (name: string): string => name.replace('{unit}', '‹' + t('scenario.unitcode') + '›');
/* For sorting: when it is played at the earliest. */
export function earliest(w: PlanWhen, of: ScenarioPlan, depth = 0): number {
  if (!w.after) return w.at ?? 0;
  const from = of.steps.find((s) => s.id === w.after)?.when ?? of.injects.find((i) => i.id === w.after)?.when;
  return (from && depth < 50 ? earliest(from, of, depth + 1) : 0) + (w.delay ?? 0);
}
export const minutes = (ms: number): string => number(Math.max(0, Math.floor(ms / 60_000))) + '′';
export function cellSays(state: CellState, ms: number | null): string {
  return word('cell', state) + (ms !== null && state !== 'future' && state !== 'played' ? ', ' + t('time.minutes', { n: Math.floor(ms / 60_000) }) : '');
}
