// What the API says of exercises. Times named `t…` and `…_ms` are milliseconds of the drill's own clock, from its start;
// RFC 3339 are real. Speeds are in thousandths: 30000 is 30×.
import type { Id, Time } from './types.ts';

export interface Scenario {
  id: Id;
  code: string;
  title: string;
  title_vi: string | null;
  level: 'basic' | 'intermediate' | 'advanced';
  minutes: number;
  demo_minutes: number;
  edition?: number;
  hash: string;
  techniques: number;
  steps: number;
  injects: number;
  expectations: number;
  origin: 'coloa' | 'own';
  added: Time;
  used: number;
  retired: boolean;
  version: number;
}
export interface PlanText {
  en: string;
  vi: string;
}
export interface PlanWhen {
  at?: number | null;
  after?: string | null;
  delay?: number | null;
  until?: number | null;
  condition?: boolean | number | null;
  wait?: boolean;
}
/* `first` and `n`: those below it in the plan's list. */
export interface PlanCondition {
  op: 'all' | 'any' | 'not' | 'fact' | 'played' | 'chose';
  first?: number;
  n?: number;
  fact?: string;
  object?: string | null;
  value?: string | null;
}
export interface PlanHost {
  id: string;
  name: string;
  address: string | null;
  os: string;
  kind: string;
  criticality: number;
  sources: string[];
}
export interface PlanAccount {
  id: string;
  name: string;
  kind: string;
  person: PlanText | null;
}
export interface PlanStep {
  id: string;
  title: PlanText;
  text?: PlanText | null;
  technique: string | null;
  tactic: string | null;
  when: PlanWhen;
  background: boolean;
  targets: string[];
}
export interface PlanInject {
  id: string;
  kind: string;
  title: PlanText;
  text: PlanText;
  from: PlanText | null;
  when: PlanWhen;
  roles: string[];
  choices: { id: string; text: PlanText; worth?: number }[];
  answer: boolean;
  technique: string | null;
}
export interface PlanExpectation {
  id: string;
  title: PlanText;
  of: string | null;
  fact: string;
  part: 'machine' | 'people';
  capability: string;
  weight: number;
  g: number;
  d: number;
  h: number;
  p: number;
  real?: boolean;
  roles: string[];
}
export interface PlanHint {
  id: string;
  step: string;
  price: number;
  text: PlanText;
}
export interface ScenarioPlan {
  summary: PlanText;
  objectives: PlanText[];
  roles: string[];
  formula: string;
  length: number;
  speed_max: number;
  demo_speed: number;
  simulated: boolean;
  noise: number;
  conditions?: PlanCondition[];
  hosts: PlanHost[];
  accounts: PlanAccount[];
  outside: { id: string; address: string | null; domain: string | null; attacker: boolean }[];
  steps: PlanStep[];
  injects: PlanInject[];
  expectations: PlanExpectation[];
  hints: PlanHint[];
}
export interface ScenarioDetail extends Scenario {
  plan: ScenarioPlan;
}
export interface ScenarioFault {
  line: number;
  column: number;
  where: string | null;
  rule: string;
  en: string;
  vi: string;
  remedy_en: string | null;
  remedy_vi: string | null;
}
export interface ScenarioUpload {
  done: boolean;
  id: Id | null;
  title?: string | null;
  title_vi?: string | null;
  n_faults: number;
  faults: ScenarioFault[];
  warnings: ScenarioFault[];
}

export type ExerciseState = 'draft' | 'invited' | 'rehearsal' | 'ready' | 'running' | 'paused' | 'ended' | 'provisional' | 'final' | 'stopped';
export interface Exercise {
  id: Id;
  code: string;
  title: string;
  kind: 'replay' | 'live';
  scenario: Id | null;
  scenario_title?: string | null;
  scenario_title_vi?: string | null;
  state: ExerciseState;
  unit: Id;
  unit_name: string | null;
  units: number;
  playing: number;
  solo?: boolean;
  starts: Time | null;
  started: Time | null;
  ended: Time | null;
  speed: number;
  drill_ms: number | null;
  mine: Id | null;
  version: number;
}
export interface DrillClock {
  drill_ms: number;
  speed: number;
  running: boolean;
  at: Time;
  length_ms: number;
  ends: Time | null;
}
export interface PlayUnit {
  play: Id | null;
  unit: Id;
  unit_name: string;
  state: string;
  people: number;
  roster: { id: Id; person: Id; person_name: string; role: string; deputy: boolean }[];
  missing?: string[];
  cast: Cast | null;
  consent: string;
  lost?: Time | null;
}
export interface Cast {
  domain: string | null;
  hosts: { id: string; name: string | null; address: string | null }[];
  accounts: { id: string; name: string | null }[];
}
export interface CheckItem {
  id: string;
  en: string;
  vi: string;
  done: boolean;
  auto?: boolean;
  must?: boolean;
  by: string | null;
  why: string | null;
  why_vi?: string | null;
}
export interface ExerciseDetail extends Exercise {
  text: string | null;
  simulated: boolean;
  speed_max?: number | null;
  scenario_hash?: string | null;
  formula_hash?: string | null;
  formula?: string | null;
  reason?: string | null;
  /* What may be done now; blocked: why not yet. */
  moves?: { move: string; en: string; vi: string; blocked: string | null; blocked_vi?: string | null }[];
  manage?: boolean;
  plays: PlayUnit[];
  checklist: CheckItem[];
  clock: DrillClock | null;
  checkpoints: { id: Id; name: string; t: number; at: Time }[];
  next: { kind: string; title: string; title_vi: string | null; t: number } | null;
}

export type CellState = 'future' | 'played' | 'seen' | 'answered' | 'overdue' | 'skipped';
export interface BoardStep {
  n: number;
  id: string;
  kind?: 'step' | 'inject';
  title: string;
  title_vi: string | null;
  technique: string | null;
  t: number | null;
  state: 'future' | 'played';
}
export interface BoardUnit {
  play: Id;
  unit: Id;
  unit_name: string;
  score: number | null;
  cells: { step: number; state: CellState; ms: number | null }[];
  last: { points: number; en: string; vi: string; t: number } | null;
  state: 'playing' | 'paused' | 'lost' | 'done';
}
export interface BoardInject {
  id: Id;
  title: string;
  title_vi: string | null;
  t: number | null;
  state: 'waiting' | 'conditional' | 'sent' | 'postponed' | 'void';
  why?: string | null;
  why_vi?: string | null;
  delivered: number;
  seen: number;
  answered: number;
  of: number;
  took_ms?: number | null;
}
export interface BoardRequest {
  id: Id;
  play: Id;
  unit_name: string;
  kind: 'question' | 'hint' | 'reopen' | 'is_it_you';
  text: string | null;
  step: number | null;
  t: number;
  waits_s: number;
  price: number;
}
export interface Board {
  exercise: Exercise;
  clock: DrillClock;
  steps: BoardStep[];
  units: BoardUnit[];
  injects: BoardInject[];
  requests: BoardRequest[];
  counts: { units: number; people: number; overdue: number; lost: number; contained: number };
  checkpoints: { id: Id; name: string; t: number }[];
  organiser?: string | null;
  /* Given back as `since`: the next answer has only the units that changed. */
  mark?: number;
}

/* What a unit's own people see. */
export interface DrillInject {
  id: Id;
  kind: string;
  title: string;
  title_vi: string | null;
  text: string;
  text_vi: string | null;
  sender: string | null;
  sender_vi: string | null;
  t: number;
  seen: Time | null;
  answer: boolean;
  due_t: number | null;
  choices: { id: string; text: string; text_vi: string | null }[];
  answered: Time | null;
  answered_by: string | null;
  choice: string | null;
  said: string | null;
  file_name: string | null;
  file: string | null;
  file_vi: string | null;
}
export interface DrillNow {
  play: Id;
  exercise: Id;
  code: string;
  title: string;
  title_vi: string | null;
  state: string;
  unit_name: string;
  role: string | null;
  solo: boolean;
  simulated: boolean;
  clock: DrillClock;
  objectives: PlanText[];
  injects: DrillInject[];
  messages: { id: Id; from_organiser: boolean; by_name: string | null; text: string; t: number }[];
  requests: { id: Id; kind: string; text: string | null; step: number | null; price: number; t: number; state: 'waiting' | 'answered'; yes: boolean | null; answer: string | null; answer_vi: string | null; answered_t: number | null }[];
  hints: { id: string; step: number | null; title: string; title_vi: string | null; price: number; taken: boolean; text: string | null; text_vi: string | null }[];
  waiting: number;
  invitations?: { exercise: Id; code: string; title: string; starts: Time | null; unit: Id; unit_name: string; state: string; text: string | null }[];
}

export interface ScoreFact {
  kind: string;
  id: string;
  fact: string;
  link: string | null;
}
export interface ScoreLine {
  expectation: string;
  title: string;
  title_vi: string | null;
  of: string;
  part: 'machine' | 'people';
  capability: string;
  w: number;
  state: 'scored' | 'missed' | 'open' | 'void';
  t_ms: number | null;
  T: number | null;
  Q: number | null;
  R: number | null;
  points: number | null;
  hint: number;
  reason_en: string;
  reason_vi: string;
  facts: ScoreFact[];
  also: ScoreFact[];
  void: string | null;
}
export interface Penalty {
  key: string;
  kind: 'innocent' | 'false' | 'unused' | 'broken';
  points: number;
  machine: boolean;
  pardoned: boolean;
  object: string | null;
  reason_en: string;
  reason_vi: string;
  facts: ScoreFact[];
}
export interface PlayedStep {
  n: number;
  id: string;
  title: string;
  title_vi: string | null;
  technique: string | null;
  tactic: string | null;
  background: boolean;
  t: number | null;
  seen_t: number | null;
  answered_t: number | null;
  alerts: number;
  state: 'future' | 'played' | 'seen' | 'answered' | 'prevented' | 'void';
}
export interface Gap {
  key: string;
  en: string;
  vi: string;
  cause: 'none' | 'source' | 'rule' | 'step' | 'plan';
  cause_en: string;
  cause_vi: string;
  task: Id | null;
  task_state: string | null;
  needs: number;
  passed: number;
  retest: Time | null;
  retest_id?: number | null;
}
export interface UnitScore {
  play: Id;
  unit: Id;
  unit_name: string;
  total: number;
  base: number;
  penalty: number;
  harm: number;
  machine: number | null;
  people: number | null;
  open: number;
  rank: [number, number] | null;
  capabilities: { id: string; score: number | null; lines: number }[];
  provisional: boolean;
  lines: ScoreLine[];
  penalties: Penalty[];
  strengths: { en: string; vi: string }[];
  gaps: Gap[];
  steps: PlayedStep[];
}
export interface Appeal {
  id: Id;
  play: Id;
  unit_name: string;
  expectation: string | null;
  text: string;
  state: 'open' | 'upheld' | 'refused';
  at: Time;
  by_name: string | null;
  before: number | null;
  after: number | null;
  ruling: string | null;
  ruled_by: string | null;
  ruled: Time | null;
}
export interface Results {
  formula: string;
  state: ExerciseState;
  /* Every unit is here, not only the asker's. */
  all: boolean;
  units: UnitScore[];
  appeals: Appeal[];
  rulings: { id: Id; play: Id; what: string; of: string; number: number; text: string; by_name: string | null; at: Time }[];
}
/* Units beside each other, with what is not known about it; or why not. */
export interface Comparison {
  refused: string | null;
  refused_vi: string | null;
  sigma?: number;
  anchors?: number;
  units: {
    play?: Id; unit?: Id; unit_name?: string; year?: number; exercise?: Id; lines?: number; censored?: number; quality?: number | null; refused: string | null; refused_vi: string | null;
    faster?: number | null; faster_from?: number; faster_to?: number; rank?: [number, number] | null;
  }[];
  sittings?: { exercise: Id; code: string; title: string; scenario: string; year: number; units: number }[];
  medians?: { expectation: string; units: number; median_ms: number | null }[];
}
export interface Retest {
  id: Id;
  exercise: Id;
  play: Id;
  unit: Id;
  unit_name: string;
  key: string;
  en: string;
  vi: string;
  due: Time;
  seed: number;
  state: 'planned' | 'passed' | 'failed';
  replay: Id | null;
  T: number | null;
  Q: number | null;
}
export interface ExerciseRecord {
  id: Id;
  exercise: Id;
  unit: Id;
  unit_name: string;
  held: Time;
  people: number;
  duties: string;
  total: number;
  facts: string;
  signed: Time;
  signed_by_name: string | null;
}
