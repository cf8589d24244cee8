// Where the things that wait for a person lead, and what they are called.
import { lang, t, word } from './lang.svelte.ts';
import type { Clock, Decision, Problem } from './types.ts';

export function clockLink(c: Clock): string {
  return c.report_id ? '/reports/' + c.report_id : `/incidents/${c.incident}?clock=${c.id}`;
}
export function decisionLink(d: Decision): string {
  switch (d.kind) {
    case 'action_approve':
    case 'action_prolong':
      return '/actions/' + d.id;
    case 'report_sign':
      return '/reports/' + d.id;
    case 'evidence_export':
      return '/evidence/exports/' + d.id;
    case 'directive':
      return '/directives/' + d.id;
    case 'handover':
      return '/handovers/' + d.id;
    case 'improvement':
      return '/improvements';
    case 'playbook':
      return '/playbooks/runs/' + d.id;
    case 'unmask':
      return '/search?unmasking=' + d.id;
    default:
      return d.incident ? '/incidents/' + d.incident : '/';
  }
}
export function decisionVerb(d: Decision): string {
  if (d.kind === 'action_approve') return d.mine ? t('do.review') : t('do.open');
  if (d.kind === 'action_prolong') return t('do.choose');
  if (d.kind === 'report_sign') return d.mine ? t('do.readsign') : t('do.open');
  if (d.kind === 'evidence_export' || d.kind === 'unmask') return d.mine ? t('do.review') : t('do.open');
  return t('do.open');
}
export const sentence = (s: string): string => (s ? s[0]!.toUpperCase() + s.slice(1) + (/[.!?…]$/.test(s) ? '' : '.') : '');
/* What went wrong, in one line. */
export function faultLine(p: Problem): string {
  if (p.code === 'unreachable') return t('fault.unreachable');
  if (p.code === 'cut_off') return t('stale.locked');
  return p.fields?.length ? p.fields.map(faultText).join(' ') : sentence(p.detail ?? '') || p.title || t('fault.other', { status: p.status });
}
/* What the node says of a field, as one or two sentences. */
export function faultText(f: { fault: string; remedy: string }): string {
  return [sentence(f.fault), sentence(f.remedy)].filter(Boolean).join(' ');
}
/* What holds a clock up: 'signature_you', 'missing:3', 'not_started', or the node's own words. */
export function heldText(c: Clock): string {
  const by = c.held_by;
  if (!by) return '–';
  const [what, n] = by.split(':');
  if (what === 'missing') return t('held.missing', { n: n ?? '' });
  return word('held', what);
}
/* A place in the law, as the regime's file writes it (in English), in the reader's language. */
export function clause(basis: string): string {
  return lang.now === 'vi' ? basis.replace(/\bart\. /g, 'điều ').replace(/\bform (?=\d)/g, 'mẫu ') : basis;
}
export function lawText(c: Clock): string {
  return clause(c.basis);
}
