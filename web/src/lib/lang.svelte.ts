// The language of the page, and t(): a string of it by its key. In a string, {name} is a value, and {n|thing|things}
// chooses by number.
import { en } from '../strings/en.ts';
import { vi } from '../strings/vi.ts';

export type Key = keyof typeof en;
export type Lang = 'vi' | 'en';
type Values = Record<string, string | number | null | undefined>;

const tables: Record<Lang, Record<Key, string>> = { vi, en };

export function stored(name: string): string | null {
  try {
    return localStorage.getItem('coloa.' + name);
  } catch {
    return null;
  }
}
export function store(name: string, value: string): void {
  try {
    localStorage.setItem('coloa.' + name, value);
  } catch {
    // Forbidden storage: it holds for this page only.
  }
}

const known = (l: string | null | undefined): l is Lang => l === 'vi' || l === 'en';
/* The first language of the browser's that there is. */
function browsers(): Lang {
  for (const l of navigator.languages ?? []) {
    const short = l.slice(0, 2).toLowerCase();
    if (known(short)) return short;
  }
  return 'vi';
}

class Language {
  now: Lang = $state(browsers());
  constructor() {
    const chosen = stored('lang');
    if (known(chosen)) this.now = chosen;
    document.documentElement.lang = this.now;
  }
  /* What the node has as a person's language, until they choose another one here. */
  suggest(to: string | null | undefined): void {
    if (known(stored('lang')) || !known(to)) return;
    this.now = to;
    document.documentElement.lang = to;
  }
  set(to: Lang): void {
    this.now = to;
    store('lang', to);
    document.documentElement.lang = to;
  }
}
export const lang = new Language();

export function t(key: Key, values?: Values): string {
  const text = tables[lang.now][key];
  if (!values || text === undefined) return text ?? key;
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, name: string, one?: string, many?: string) => {
    const value = values[name];
    if (one !== undefined) return Number(value) === 1 ? one : (many ?? '');
    return value === null || value === undefined ? '' : String(value);
  });
}

/* A key that is put together; falls back to what came when there is no such string. */
export function word(group: string, value: string | null | undefined): string {
  if (!value) return '';
  return tables[lang.now][`${group}.${value}` as Key] ?? value;
}

/* What the node sends in both languages: `title` and `title_vi`, or `text_en` and `text_vi`. */
export function said(english: string | null | undefined, vietnamese: string | null | undefined): string {
  return (lang.now === 'vi' ? (vietnamese ?? english) : (english ?? vietnamese)) ?? '';
}
