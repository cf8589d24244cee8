// ATT&CK as the tags of a rule say it: tactic names in words; a technique by its number, with a name where we have one.
import { t, word } from './lang.svelte.ts';

export interface Technique {
  id: string;
  name: string;
}
export function techniques(tags: string[]): Technique[] {
  return tags.filter((x) => /^attack\.t\d{4}/i.test(x)).map((x) => {
    const id = x.slice(7).toUpperCase();
    const key = id.split('.')[0]!;
    const name = word('technique', key);
    return { id, name: name === key ? '' : name };
  });
}
export function tactics(tags: string[]): string {
  const names = tags
    .filter((x) => x.startsWith('attack.') && !/^attack\.[tgs]\d/i.test(x))
    .map((x) => word('tactic', x.slice(7).replace(/[-_]/g, '_')));
  return names.length ? t('attack.phase', { names: names.join(', ') }) : '';
}
