// What was typed and not yet sent, kept in this window (sessionStorage) under the person who typed it: it outlives a
// page that is left, a reload, and a session that has ended by itself. It goes when it is sent or thrown away, and all of
// a person's go when that person signs out. Never kept: passwords and codes.
import { clock } from './clock.svelte.ts';

export type Typed = Record<string, string>;
interface Kept {
  at: number;
  typed: Typed;
}
const PREFIX = 'coloa.draft.';
let person = 0;

/* Whose drafts are meant from now on. */
export function draftsOf(id: number): void {
  person = id;
}
const name = (key: string): string => `${PREFIX}${person}.${key}`;

export function keepDraft(key: string, typed: Typed): void {
  try {
    if (Object.keys(typed).length) sessionStorage.setItem(name(key), JSON.stringify({ at: clock.now(), typed } satisfies Kept));
    else sessionStorage.removeItem(name(key));
  } catch {
    // Storage that is full or forbidden: it holds for this page only.
  }
}
export function draft(key: string): Kept | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(name(key)) ?? 'null') as Kept | null;
    return kept && typeof kept.typed === 'object' ? kept : null;
  } catch {
    return null;
  }
}
export function dropDraft(key: string): void {
  keepDraft(key, {});
}
/* At signing out: nothing of this person stays. */
export function forgetDrafts(): void {
  try {
    for (const each of Object.keys(sessionStorage)) if (each.startsWith(name(''))) sessionStorage.removeItem(each);
  } catch {
    // As above.
  }
}
/* Those of `now` that are not as they were at the start. */
export function changed(now: Typed, start: Typed): Typed {
  return Object.fromEntries(Object.entries(now).filter(([k, v]) => v !== (start[k] ?? '')));
}
