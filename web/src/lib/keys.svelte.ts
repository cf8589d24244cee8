// The keyboard. Pages lay their keys over those of the shell; the topmost layer that knows a key has it. Keys go by
// event.code, since with a Vietnamese input method event.key says 'Process'. Single keys are off in fields and can
// be switched off altogether (WCAG 2.1.4).
import { store, stored } from './lang.svelte.ts';

export type Keys = Record<string, (e: KeyboardEvent) => void>;

const layers: { keys: () => Keys; modal: boolean }[] = [];

class Settings {
  on = $state(stored('keys') !== 'off');
  set(on: boolean): void {
    this.on = on;
    store('keys', on ? 'on' : 'off');
  }
}
export const singleKeys = new Settings();

/* 'J', '1', 'Enter', 'Escape', '/', '?', '.', 'Ctrl+K', 'Shift+J', or null. */
function nameOf(e: KeyboardEvent): string | null {
  const ctrl = e.ctrlKey || e.metaKey;
  if (e.altKey) return null;
  let name: string | null = null;
  if (/^Key[A-Z]$/.test(e.code)) name = e.code.slice(3);
  else if (e.key === '?' || (e.code === 'Slash' && e.shiftKey)) name = '?';
  else if (/^(Digit|Numpad)[0-9]$/.test(e.code) && !e.shiftKey) name = e.code.slice(-1);
  else if (e.key === '/' || e.code === 'Slash' || e.code === 'NumpadDivide') name = '/';
  else if (e.key === '.' || e.code === 'Period') name = '.';
  else if (['Enter', 'Escape', 'ArrowDown', 'ArrowUp', 'Home', 'End', 'PageUp', 'PageDown'].includes(e.key)) name = e.key;
  if (name === null) return null;
  if (ctrl) return 'Ctrl+' + name;
  if (e.shiftKey && name !== '?') return 'Shift+' + name;
  return name;
}
function inField(e: KeyboardEvent): boolean {
  const at = e.target as HTMLElement | null;
  if (!at || !at.tagName) return false;
  if (at.isContentEditable || at.tagName === 'TEXTAREA' || at.tagName === 'SELECT') return true;
  return at.tagName === 'INPUT' && !['checkbox', 'radio', 'button'].includes((at as HTMLInputElement).type);
}
/* Enter on a link or a button is that link's or button's. */
function ownsEnter(e: KeyboardEvent): boolean {
  const at = e.target as HTMLElement | null;
  return !!at?.closest?.('a[href], button, summary');
}

addEventListener('keydown', (e) => {
  if (e.isComposing && e.code === 'Enter') return;
  const name = nameOf(e);
  if (name === null) return;
  const single = !name.startsWith('Ctrl+');
  if (single && inField(e)) return;
  if (single && !singleKeys.on && name.replace('Shift+', '').length === 1) return;
  if (name === 'Enter' && ownsEnter(e)) return;
  for (let i = layers.length - 1; i >= 0; i--) {
    const layer = layers[i]!;
    const does = layer.keys()[name];
    if (does) {
      e.preventDefault();
      does(e);
      return;
    }
    if (layer.modal) return;
  }
});

/* In a component: keys(() => ({ J: next })). A modal layer hides those below it. */
export function keys(of: () => Keys, modal = false): void {
  $effect(() => {
    const layer = { keys: of, modal };
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
    };
  });
}
