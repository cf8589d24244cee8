import { store, stored } from './lang.svelte.ts';

export type Theme = 'auto' | 'light' | 'dark';

class ThemeSetting {
  now: Theme = $state((['light', 'dark'].includes(stored('theme') ?? '') ? stored('theme') : 'auto') as Theme);
  set(to: Theme): void {
    this.now = to;
    store('theme', to);
    document.documentElement.className = to === 'auto' ? '' : 'theme-' + to;
  }
  next(): void {
    this.set(this.now === 'auto' ? 'light' : this.now === 'light' ? 'dark' : 'auto');
  }
}
export const theme = new ThemeSetting();
