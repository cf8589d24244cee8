// The live line. The node tells what changed ({what, id}, at most four times a second); pages ask again for what they
// show. Beside it a slow question, Tonight, brings the node's time, how far it is behind, and the counts of the
// navigation. When neither comes through, the page is stale: it can be read, but every action is locked.
import { gate, listen } from './api.ts';
import { clock } from './clock.svelte.ts';
import { askTonight } from './tonight.ts';
import type { Tonight } from './types.ts';

const POLL_MS = 15_000;
const RETRY_MS = [1000, 2000, 4000, 8000, 15_000];

type Heard = (what: string, id: number) => void;

class Live {
  stale = $state(false);
  since = $state(0);
  tries = $state(0);
  behind: number | null = $state(null);
  tonight: Tonight | null = $state(null);
  unit: string = $state('');
  /* For the polite region; assertive only for a clock that turns near. */
  polite = $state('');
  assertive = $state('');

  #source: EventSource | null = null;
  #poll: ReturnType<typeof setTimeout> | null = null;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #soon: ReturnType<typeof setTimeout> | null = null;
  #heard = new Set<Heard>();
  #running = false;

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#open();
    void this.refresh();
  }
  stop(): void {
    this.#running = false;
    this.#source?.close();
    this.#source = null;
    for (const timer of [this.#poll, this.#retry, this.#soon]) if (timer) clearTimeout(timer);
    this.stale = gate.locked = false;
    this.tonight = null;
  }
  on(heard: Heard): () => void {
    this.#heard.add(heard);
    return () => this.#heard.delete(heard);
  }
  say(text: string): void {
    this.polite = '';
    setTimeout(() => (this.polite = text), 50);
  }

  #open(): void {
    this.#source?.close();
    const source = new EventSource('/api/v1/events');
    this.#source = source;
    source.onopen = () => {
      const again = this.stale || this.tries > 0;
      this.tries = 0;
      this.#fresh();
      if (again) {
        void this.refresh();
        for (const heard of this.#heard) heard('all', 0);
      }
    };
    source.addEventListener('change', (e) => {
      try {
        const said = JSON.parse((e as MessageEvent<string>).data) as { what: string; id: number | null };
        for (const heard of this.#heard) heard(said.what, said.id ?? 0);
        this.#soon ??= setTimeout(() => {
          this.#soon = null;
          void this.refresh();
        }, 1000);
      } catch {
        // Not ours: left alone.
      }
    });
    source.onerror = () => {
      if (this.#source !== source) return;
      source.close();
      this.#lost();
      const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)]!;
      this.tries++;
      if (this.#retry) clearTimeout(this.#retry);
      if (this.#running) this.#retry = setTimeout(() => this.#running && this.#open(), wait);
    };
  }
  #lost(): void {
    if (!this.#running || this.stale) return;
    this.stale = gate.locked = true;
    this.since = clock.now();
  }
  #fresh(): void {
    this.stale = gate.locked = false;
  }
  async refresh(): Promise<void> {
    if (!this.#running) return;
    if (this.#poll) clearTimeout(this.#poll);
    try {
      const said = await askTonight(this.unit);
      clock.heard(said.now);
      this.behind = said.behind_ms;
      this.tonight = said;
    } catch {
      // Said elsewhere: reached() or the page's own words.
    }
    if (this.#running) this.#poll = setTimeout(() => void this.refresh(), POLL_MS);
  }
  reached(ok: boolean): void {
    if (!ok) this.#lost();
    else if (this.#source?.readyState === EventSource.OPEN) this.#fresh();
  }
}
export const live = new Live();
listen({ signedOut: () => {}, reached: (ok) => live.reached(ok) });
