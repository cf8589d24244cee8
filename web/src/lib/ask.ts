// What a dialog asks for (parts/Ask.svelte), and small readers of what is typed there.
import { parseWhen } from './format.ts';

export interface Asked {
  name: string;
  label: string;
  start?: string;
  required?: boolean;
  help?: string;
  lines?: number;
  mono?: boolean;
  type?: 'text' | 'email' | 'number';
  placeholder?: string;
  options?: { value: string; label: string }[];
  check?: boolean;
  /* A code of the second factor: wiped after a refusal. */
  secret?: boolean;
}

/* A moment as people write it, for the node; what cannot be understood goes as it is, and the node says so. */
export function when(text: string | undefined): string | null {
  return text?.trim() ? (parseWhen(text) ?? text.trim()) : null;
}
export function id(text: string | undefined): number | null {
  return text ? Number(text) : null;
}
export function words(text: string | undefined): string[] {
  return (text ?? '').split(/[\s,;]+/).filter(Boolean);
}
export function code(text: string | undefined): string {
  return (text ?? '').replace(/\s/g, '');
}
