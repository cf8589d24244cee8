// The units as the node has them, asked for once: their names in the language of the page. The node's other answers name
// a unit in one language only.
import { api } from './api.ts';
import { lang } from './lang.svelte.ts';
import type { List, Unit } from './types.ts';

class Units {
  all: Unit[] = $state.raw([]);
  total: number | null = $state(null);
  #names: ReadonlyMap<string, string> = $state.raw(new Map());

  async ask(): Promise<void> {
    try {
      const got = await api.get<List<Unit>>('/units', { limit: 500 });
      this.all = got.items;
      this.total = got.total;
      this.#names = new Map(got.items.flatMap((u) => (u.name_vi ? [[u.name, u.name_vi] as const] : [])));
    } catch {
      this.all = [];
    }
  }
  named(name: string): string {
    return lang.now === 'vi' ? (this.#names.get(name) ?? name) : name;
  }
}
export const units = new Units();

export function unitNamed<T extends string | null | undefined>(name: T): T {
  return (name ? units.named(name) : name) as T;
}
