// The drill that this person plays in, if any: asked for when the session begins and whenever the node says that
// something of it changed. An inject comes with its event, as it stands: thousands of pages that asked for it at the same
// moment would wait for each other. And the drill's clock, carried on by the page from the node's last reading.
import { api } from './api.ts';
import { clock } from './clock.svelte.ts';
import { ms, number } from './format.ts';
import { live, spread, type Said } from './live.svelte.ts';
import { here } from './session.svelte.ts';
import type { DrillClock, DrillInject, DrillNow } from './types_exercise.ts';

const SOON_MS = 800;

/* Milliseconds of the drill at this moment of the node's clock. */
export function drillAt(of: DrillClock, now: number): number {
  if (!of.running || !of.speed) return of.drill_ms;
  const gone = Math.max(0, now - ms(of.at)) * (of.speed / 1000);
  return of.length_ms ? Math.min(of.drill_ms + gone, Math.max(of.length_ms, of.drill_ms)) : of.drill_ms + gone;
}
/* '02:42': hours and minutes of the drill's clock. */
export function drillTime(t: number | null | undefined, seconds = false): string {
  if (t === null || t === undefined || !Number.isFinite(t)) return '–';
  const s = Math.max(0, Math.floor(t / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(s / 3600))}:${two(Math.floor((s % 3600) / 60))}` + (seconds ? `:${two(s % 60)}` : '');
}
/* '30×'. */
export function speedText(thousandths: number): string {
  return number(thousandths / 1000, thousandths % 1000 ? 1 : 0) + '×';
}
/* Points come in thousandths: '20', '14,2'; with a sign where they are a change. */
export function points(thousandths: number | null | undefined, sign = false, digits?: number): string {
  if (thousandths === null || thousandths === undefined) return '–';
  const is = Math.abs(thousandths) / 1000;
  const text = number(is, digits ?? (Math.round(is * 10) % 10 ? 1 : 0));
  if (thousandths < 0 && text !== '0') return '−' + text;
  return sign && thousandths > 0 ? '+' + text : text;
}

/* A rehearsal has no clock yet: it stands at the beginning. */
export const still = (of: DrillClock | null | undefined): DrillClock => of ?? { drill_ms: 0, speed: 0, running: false, at: new Date().toISOString(), length_ms: 0, ends: null };

class Drill {
  now: DrillNow | null = $state.raw(null);
  invitations: NonNullable<DrillNow['invitations']> = $state.raw([]);
  #soon: ReturnType<typeof setTimeout> | null = null;
  #stop: (() => void) | null = null;

  start(): () => void {
    if (!here.may('exercises.play')) return () => {};
    void this.refresh();
    this.#stop ??= live.on((what, _id, said) => {
      if (what === 'inject' && said && this.#take(said)) return;
      if (['exercise', 'inject', 'exercise_request', 'exercise_message', 'all'].includes(what)) this.#later(what === 'all' ? SOON_MS : 4000);
    });
    return () => {
      this.#stop?.();
      this.#stop = null;
      this.now = null;
    };
  }
  /* Who is alone with the node need not wait; where many play, each waits by chance. */
  #later(most: number): void {
    this.#soon ??= setTimeout(
      () => {
        this.#soon = null;
        void this.refresh();
      },
      this.now?.solo ? SOON_MS : spread(SOON_MS, most),
    );
  }
  /* false: it is of another play, or not all of it came. */
  #take(said: Said): boolean {
    const inject = said.inject as DrillInject | undefined;
    const now = this.now;
    if (!inject || !now || said.play !== now.play) return false;
    const known = now.injects.some((i) => i.id === inject.id);
    const injects = known ? now.injects.map((i) => (i.id === inject.id ? inject : i)) : [inject, ...now.injects];
    if (!known && !inject.seen) this.arrived = 1;
    this.now = { ...now, clock: still(said.clock as DrillClock | null), injects, waiting: injects.filter((i) => i.answer && !i.answered).length };
    return true;
  }
  async refresh(): Promise<void> {
    try {
      const got = await api.get<DrillNow | { play: null } | null>('/drill');
      const before = this.now;
      this.now = got && got.play ? { ...(got as DrillNow), clock: still((got as DrillNow).clock) } : null;
      this.invitations = (got as DrillNow | null)?.invitations ?? [];
      const fresh = this.now?.injects.filter((i) => !i.seen && before && !before.injects.some((b) => b.id === i.id)).length ?? 0;
      if (fresh) this.arrived = fresh;
    } catch {
      // Not reached: what was known stands. A node that has no drills answers 404 at once.
    }
  }
  /* How many injects came since the page looked last; the panel says it. */
  arrived = $state(0);
  /* The drill's time now, by the second. */
  get t(): number {
    return this.now ? drillAt(this.now.clock, clock.second) : 0;
  }
}
export const drill = new Drill();
