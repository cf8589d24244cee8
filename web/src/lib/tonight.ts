// What needs a person now, in one answer of the node. Parts that this person may not see come as null: an empty list to
// the pages, which do not show what may not be seen.
import { api } from './api.ts';
import type { Tonight } from './types.ts';

export async function askTonight(unit: string): Promise<Tonight> {
  const now = await api.get<{ [K in keyof Tonight]: Tonight[K] | null }>('/tonight', { unit });
  return { ...(now as Tonight), clocks: now.clocks ?? [], met: now.met ?? [], decisions: now.decisions ?? [], silent: now.silent ?? [], duty: now.duty ?? [], alerts: now.alerts ?? { new: 0, groups: 0, items: [] }, headline: now.headline ?? { waiting: 0, next_decision: null, next_deadline: null } };
}
