// 1–9: the nth thing that the page asks for, each with its button.
import type { Keys } from './keys.svelte.ts';

export function nth(does: ((() => void) | null)[]): Keys {
  const keys: Keys = {};
  does.slice(0, 9).forEach((d, i) => {
    if (d) keys[String(i + 1)] = d;
  });
  return keys;
}
