// What the API answers about playbooks and their runs, as far as the pages read it (doc/openapi.json).
import type { Id, Time } from './types.ts';

export interface Playbook {
  id: Id;
  cacao: string;
  name: string;
  name_vi: string | null;
  kinds: string[];
  steps: number;
  automatic: number;
  parallel: number;
  conditions: number;
  origin: 'coloa' | 'own';
  tlp: string | null;
  modified: Time;
  edition: number;
  used: number;
  last_used: Time | null;
  retired: boolean;
  version: number;
}
export type StepType = 'start' | 'end' | 'action' | 'playbook-action' | 'parallel' | 'if-condition' | 'while-condition' | 'switch-condition';
export interface Node {
  n: number;
  id: string;
  type: StepType;
  name: string | null;
  name_vi: string | null;
  about: string | null;
  about_vi: string | null;
  part: string | null;
  within_s: number | null;
  delay_s: number | null;
  auto: string | null;
  commands: { type: string | null; text: string | null; text_vi: string | null }[];
  agent: string | null;
  agent_vi: string | null;
  targets: (string | null)[];
  condition: string | null;
  question: string | null;
  question_vi: string | null;
  cases: { value: string; title_vi: string | null }[];
  rank: number;
  column: number;
}
export interface Edge {
  from: number;
  to: number;
  kind: 'next' | 'success' | 'failure' | 'true' | 'false' | 'branch' | 'case' | 'loop' | 'exception';
  label: string | null;
}
export interface Graph {
  ranks: number;
  columns: number;
  nodes: Node[];
  edges: Edge[];
}
export interface Variable {
  name: string;
  type: string | null;
  about: string | null;
  about_vi: string | null;
  value: string | null;
  constant: boolean;
  external: boolean;
}
export interface PlaybookDetail extends Playbook {
  description: string | null;
  description_vi: string | null;
  shown: number;
  editions: { edition: number; modified: Time; kept: Time; by_name: string | null; runs: number }[];
  created_by: string | null;
  labels: string[];
  variables: Variable[];
  signatures: number;
  graph: Graph;
}
export interface PlaybookImport {
  done: boolean;
  id: Id | null;
  edition: number | null;
  name: string | null;
  n_faults: number;
  faults: { pointer: string; value: string | null; fault: string; remedy: string }[];
  warnings: { pointer: string; fault: string }[];
}

export interface Run {
  id: Id;
  incident: Id;
  incident_code: string;
  playbook: Id;
  name: string;
  name_vi: string | null;
  edition: number;
  state: 'running' | 'stuck' | 'done' | 'stopped';
  started: Time;
  started_by_name: string | null;
  ended: Time | null;
  reason: string | null;
  steps_done: number;
  steps_open: number;
  overdue: number;
  next_due: Time | null;
  parent: Id | null;
  version: number;
}
export interface Visit {
  id: Id;
  n: number;
  parent: Id | null;
  round: number;
  state: 'waiting' | 'ready' | 'done' | 'skipped' | 'failed' | 'passed';
  outcome: string | null;
  opened: Time;
  begins: Time | null;
  due: Time | null;
  left_s: number | null;
  overdue: boolean;
  ended: Time | null;
  by_name: string | null;
  note: string | null;
  answer: string | null;
  task: Id | null;
  run: Id | null;
  prepared: { do: string; link: string; query: string | null; form: string | null; hours: number | null; title: string | null; title_vi: string | null } | null;
  choices: { value: string; title: string; title_vi: string | null }[] | null;
  auto: boolean;
  version: number;
}
export interface RunDetail extends Run {
  variables: Variable[];
  graph: Graph;
  visits: Visit[];
}
export interface Suggestion {
  id: Id;
  name: string;
  name_vi: string | null;
  kinds: string[];
  steps: number;
  why: 'kind' | 'other';
  running: Id | null;
}

export const nodeName = (n: Node, vi: boolean, types: (type: string) => string): string => (vi ? (n.name_vi ?? n.name) : (n.name ?? n.name_vi)) ?? types(n.type);
/* The state of a node in a run: of its latest visit. */
export function nodeStates(visits: Visit[]): Map<number, Visit> {
  const of = new Map<number, Visit>();
  for (const v of visits) {
    const before = of.get(v.n);
    if (!before || v.id > before.id) of.set(v.n, v);
  }
  return of;
}

/* Steps that somebody or the node does: branches and joins are none. */
export function stepsOf(r: RunDetail): number {
  return r.graph.nodes.filter((n) => n.type === 'action' || n.type === 'playbook-action').length;
}
