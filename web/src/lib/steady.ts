// What a page asks again when something has changed: soon, not for each of many changes, and never two at a time, so
// that an older answer never comes after a newer one. In a component's script: it ends with the component.
import { onDestroy } from 'svelte';

export function steady(load: () => Promise<void>, ms = 400): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let busy = false;
  let again = false;
  let gone = false;
  async function run(): Promise<void> {
    timer = null;
    if (busy) return void (again = true);
    busy = true;
    try {
      await load();
    } finally {
      busy = false;
      if (again && !gone) {
        again = false;
        soon();
      }
    }
  }
  onDestroy(() => {
    if (timer) clearTimeout(timer);
    gone = true;
  });
  const soon = (): void => void (timer ??= setTimeout(() => void run(), ms));
  return soon;
}

/* Sends a change for the version that was seen. Where only other things have changed meanwhile (a note, a task), it goes
   for the version of now; where what it was decided on has changed, that is the person's to look at: the refusal stands. */
export async function onVersion<V extends { version: number }, T>(seen: V, look: () => Promise<V | null>, same: (then: V, now: V) => boolean, send: (version: number) => Promise<T>): Promise<T> {
  let version = seen.version;
  for (let tries = 0; ; tries++)
    try {
      return await send(version);
    } catch (e) {
      const said = e as { problem?: { status: number; code?: string | null } };
      if (said.problem?.status !== 409 || said.problem.code !== 'stale' || tries === 4) throw e;
      const now = await look();
      if (!now || !same(seen, now)) throw e;
      version = now.version;
    }
}
