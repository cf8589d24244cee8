// Who is here. null: nobody; undefined: not asked yet.
import { api, listen, problem } from './api.ts';
import { clock } from './clock.svelte.ts';
import { draftsOf, forgetDrafts } from './drafts.ts';
import { lang } from './lang.svelte.ts';
import { live } from './live.svelte.ts';
import type { Session } from './types.ts';

class Here {
  session: Session | null | undefined = $state(undefined);
  /* The node could not be asked at all. */
  unreachable = $state(false);
  /* Why one is asked to sign in again, in the node's words. */
  why = $state('');

  async ask(): Promise<void> {
    try {
      this.take(await api.get<Session>('/session'));
      this.unreachable = false;
    } catch (e) {
      const said = problem(e);
      this.unreachable = said.status !== 401;
      if (said.code === 'idle') this.why = said.detail ?? '';
      this.session = null;
    }
  }
  take(session: Session): void {
    clock.heard(session.now);
    draftsOf(session.person.id);
    this.session = session;
    this.why = '';
    lang.suggest(session.person.lang);
  }
  may(permission: string): boolean {
    return (this.session?.permissions?.includes(permission) || this.session?.lent?.includes(permission)) ?? false;
  }
  async leave(): Promise<void> {
    try {
      await api.remove('/session');
    } finally {
      forgetDrafts();
      this.session = null;
      live.stop();
    }
  }
}
export const here = new Here();

listen({
  signedOut: (why) => {
    here.session = null;
    here.why = why.detail ?? '';
    live.stop();
  },
  reached: (ok) => live.reached(ok),
});
