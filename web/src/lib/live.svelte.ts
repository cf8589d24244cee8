// The live line. The node tells what changed ({what, id}, at most four times a second); pages ask again for what they
// show. Beside it a slow question, Tonight, brings the node's time, how far it is behind, and the counts of the
// navigation. When neither comes through, the page is stale: it can be read, but every action is locked.
import { gate, listen } from './api.ts';
import { clock } from './clock.svelte.ts';
import { askTonight } from './tonight.ts';
import type { Tonight } from './types.ts';

const POLL_MS = 15_000;
const ALL_MS = 5000; // within which pages that missed something ask anew
const RETRY_MS = [1000, 2000, 4000, 8000, 15_000];

/* What an event says: some bring what a page would else ask for. */
export interface Said {
  what: string;
  id: number | null;
  /* Many pages hear this: ask within so many milliseconds, not at once. */
  within?: number;
  [more: string]: unknown;
}
type Heard = (what: string, id: number, said?: Said) => void;
/* Thousands of pages hear the same at once: each asks a little later, by chance. */
export const spread = (least: number, most: number): number => least + Math.random() * (most - least);

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
      if (!again) return;
      /* The node says first, where thousands come back, how long they may take. */
      let within = ALL_MS;
      source.addEventListener('hello', (e) => (within = (JSON.parse((e as MessageEvent<string>).data) as Said).within ?? within));
      setTimeout(() => {
        if (this.#source !== source) return;
        this.#later(within);
        this.#tell({ what: 'all', id: null, within });
      }, 100);
    };
    source.addEventListener('change', (e) => {
      try {
        const said = JSON.parse((e as MessageEvent<string>).data) as Said;
        this.#tell(said);
        if (!said.inject) this.#later(said.within ?? (said.what === 'all' ? ALL_MS : 3000));
      } catch {
        // Not ours: left alone.
      }
    });
    source.onerror = () => {
      if (this.#source !== source) return;
      source.close();
      this.#lost();
      const wait = spread(0.5, this.tries ? 1.5 : 3) * RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)]!;
      this.tries++;
      if (this.#retry) clearTimeout(this.#retry);
      if (this.#running) this.#retry = setTimeout(() => this.#running && this.#open(), wait);
    };
  }
  #tell(said: Said): void {
    const tell = () => {
      for (const heard of this.#heard) heard(said.what, said.id ?? 0, said);
    };
    if (said.within || said.what === 'all') setTimeout(tell, spread(0, said.within ?? ALL_MS));
    else tell();
  }
  #later(most: number): void {
    this.#soon ??= setTimeout(
      () => {
        this.#soon = null;
        void this.refresh();
      },
      spread(1000, most),
    );
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
    if (this.#running) this.#poll = setTimeout(() => void this.refresh(), spread(0.8, 1.2) * POLL_MS);
  }
  reached(ok: boolean): void {
    if (!ok) this.#lost();
    else if (this.#source?.readyState === EventSource.OPEN) this.#fresh();
  }
}
export const live = new Live();
listen({ signedOut: () => {}, reached: (ok) => live.reached(ok) });
