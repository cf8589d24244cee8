// Address to page. A page's code is asked for when it is first opened, so that the first load stays small; the rest is
// fetched once nothing else is to do, so that a node that goes away does not take pages with it. `nav`: the entry of the
// navigation that is lit. `may`: any of these permissions shows the entry.
import type { Component } from 'svelte';

export type Page = Component<{ id: string }>;
export interface Route {
  page: () => Promise<{ default: Page }>;
  nav: string;
  title: string;
  id: string;
  /* Without the shell around it: the organisers' table. */
  bare: boolean;
}
interface Rule extends Omit<Route, 'id'> {
  path: RegExp;
}
const rule = (path: RegExp, page: () => Promise<unknown>, nav: string, title: string, bare = false): Rule => ({ path, page: page as Route['page'], nav, title, bare });

const rules: Rule[] = [
  rule(/^\/$/, () => import('./pages/Tonight.svelte'), '/', 'nav.tonight'),
  rule(/^\/handover$/, () => import('./pages/Handover.svelte'), '/', 'handover.title'),
  rule(/^\/handovers$/, () => import('./pages/Handovers.svelte'), '/', 'handover.earlier'),
  rule(/^\/handovers\/(\d+)$/, () => import('./pages/HandoverKept.svelte'), '/', 'handover.title'),
  rule(/^\/alerts$/, () => import('./pages/Alerts.svelte'), '/alerts', 'nav.alerts'),
  rule(/^\/alerts\/(\d+)$/, () => import('./pages/Alert.svelte'), '/alerts', 'alert.title'),
  rule(/^\/incidents$/, () => import('./pages/Incidents.svelte'), '/incidents', 'nav.incidents'),
  rule(/^\/incidents\/(\d+)$/, () => import('./pages/Incident.svelte'), '/incidents', 'incident.title'),
  rule(/^\/search$/, () => import('./pages/Search.svelte'), '/search', 'nav.search'),
  rule(/^\/systems$/, () => import('./pages/Systems.svelte'), '/systems', 'nav.systems'),
  rule(/^\/systems\/(\d+|new)$/, () => import('./pages/System.svelte'), '/systems', 'system.title'),
  rule(/^\/systems\/(\d+)\/recovery$/, () => import('./pages/SystemRecovery.svelte'), '/systems', 'nav.recovery'),
  rule(/^\/sources$/, () => import('./pages/Sources.svelte'), '/sources', 'nav.sources'),
  rule(/^\/actions$/, () => import('./pages/Actions.svelte'), '/actions', 'nav.actions'),
  rule(/^\/actions\/(\d+)$/, () => import('./pages/Action.svelte'), '/actions', 'action.title'),
  rule(/^\/playbooks$/, () => import('./pages/Playbooks.svelte'), '/playbooks', 'nav.playbooks'),
  rule(/^\/playbooks\/(\d+)$/, () => import('./pages/Playbook.svelte'), '/playbooks', 'nav.playbooks'),
  rule(/^\/playbooks\/runs\/(\d+)$/, () => import('./pages/Run.svelte'), '/incidents', 'nav.playbooks'),
  rule(/^\/reports$/, () => import('./pages/Reports.svelte'), '/reports', 'nav.reports'),
  rule(/^\/reports\/(\d+)$/, () => import('./pages/Report.svelte'), '/reports', 'report.title'),
  rule(/^\/people$/, () => import('./pages/People.svelte'), '/people', 'nav.people'),
  rule(/^\/people\/(\d+|new)$/, () => import('./pages/Person.svelte'), '/people', 'person.title'),
  rule(/^\/units$/, () => import('./pages/Units.svelte'), '/people', 'units.title'),
  rule(/^\/duty$/, () => import('./pages/Duty.svelte'), '/people', 'duty.title'),
  rule(/^\/audit$/, () => import('./pages/Audit.svelte'), '/audit', 'nav.audit'),
  rule(/^\/settings$/, () => import('./pages/Settings.svelte'), '/settings', 'nav.settings'),
  rule(/^\/settings\/node$/, () => import('./pages/SettingsNode.svelte'), '/settings', 'settings.node'),
  rule(/^\/settings\/opening$/, () => import('./pages/Opening.svelte'), '/settings', 'opening.title'),
  rule(/^\/settings\/exceptions$/, () => import('./pages/Exceptions.svelte'), '/settings', 'exception.title'),
  rule(/^\/settings\/outgoing$/, () => import('./pages/Outgoing.svelte'), '/settings', 'outgoing.title'),
  rule(/^\/evidence$/, () => import('./pages/EvidenceList.svelte'), '/incidents', 'evidence.title'),
  rule(/^\/evidence\/(\d+)$/, () => import('./pages/Evidence.svelte'), '/incidents', 'evidence.title'),
  rule(/^\/evidence\/exports$/, () => import('./pages/Exports.svelte'), '/incidents', 'evidence.exports'),
  rule(/^\/evidence\/exports\/(\d+)$/, () => import('./pages/Export.svelte'), '/incidents', 'evidence.export'),
  rule(/^\/recovery$/, () => import('./pages/Recovery.svelte'), '/recovery', 'nav.recovery'),
  rule(/^\/recovery\/drills\/(\d+)$/, () => import('./pages/Drill.svelte'), '/recovery', 'drillrun.one'),
  rule(/^\/figures$/, () => import('./pages/Figures.svelte'), '/figures', 'nav.figures'),
  rule(/^\/improvements$/, () => import('./pages/Improvements.svelte'), '/recovery', 'learn.title'),
  rule(/^\/directives$/, () => import('./pages/Directives.svelte'), '/directives', 'nav.directives'),
  rule(/^\/directives\/(\d+|new)$/, () => import('./pages/Directive.svelte'), '/directives', 'directive.title'),
  rule(/^\/exercises$/, () => import('./pages/exercise/Exercises.svelte'), '/exercises', 'nav.exercises'),
  rule(/^\/exercises\/(\d+|new)$/, () => import('./pages/exercise/Exercise.svelte'), '/exercises', 'exercise.one'),
  rule(/^\/exercises\/(\d+)\/board$/, () => import('./pages/exercise/Board.svelte'), '/exercises', 'board.title', true),
  rule(/^\/exercises\/(\d+)\/results$/, () => import('./pages/exercise/Results.svelte'), '/exercises', 'results.title'),
  rule(/^\/exercises\/(\d+)\/comparison$/, () => import('./pages/exercise/Compare.svelte'), '/exercises', 'compare.title'),
  rule(/^\/exercises\/(\d+\/results\/\d+)$/, () => import('./pages/exercise/UnitResult.svelte'), '/exercises', 'results.title'),
  rule(/^\/exercises\/(\d+)\/declaration$/, () => import('./pages/live/Rules.svelte'), '/exercises', 'live.declaration'),
  rule(/^\/exercises\/(\d+)\/findings$/, () => import('./pages/live/Findings.svelte'), '/exercises', 'live.findings'),
  rule(/^\/exercises\/(\d+\/findings\/(?:\d+|new))$/, () => import('./pages/live/Finding.svelte'), '/exercises', 'finding.title'),
  rule(/^\/scenarios$/, () => import('./pages/exercise/Scenarios.svelte'), '/exercises', 'scenarios.title'),
  rule(/^\/scenarios\/new$/, () => import('./pages/exercise/ScenarioNew.svelte'), '/exercises', 'scenario.upload'),
  rule(/^\/scenarios\/(\d+)$/, () => import('./pages/exercise/Scenario.svelte'), '/exercises', 'scenario.one'),
  rule(/^\/drill$/, () => import('./pages/exercise/MyDrill.svelte'), '/drill', 'drill.title'),
  rule(/^\/start$/, () => import('./pages/FirstRun.svelte'), '/start', 'start.title'),
];

export function find(path: string): Route | null {
  for (const r of rules) {
    const found = r.path.exec(path);
    if (found) return { page: r.page, nav: r.nav, title: r.title, id: found[1] ?? '', bare: r.bare };
  }
  return null;
}

/* Fetches the pages that have not been opened, one after the other. */
export async function fetchRest(): Promise<void> {
  for (const r of rules) await r.page().catch(() => null);
}

export interface Entry {
  path: string;
  title: string;
  may: string[] | null;
}
export const navigation: Entry[][] = [
  [
    { path: '/', title: 'nav.tonight', may: null },
    { path: '/alerts', title: 'nav.alerts', may: ['alerts.read'] },
    { path: '/incidents', title: 'nav.incidents', may: ['incidents.read'] },
    { path: '/search', title: 'nav.search', may: ['events.search'] },
  ],
  [
    { path: '/systems', title: 'nav.systems', may: ['systems.read'] },
    { path: '/sources', title: 'nav.sources', may: ['sources.read'] },
    { path: '/actions', title: 'nav.actions', may: ['actions.read'] },
    { path: '/playbooks', title: 'nav.playbooks', may: ['playbooks.read'] },
    { path: '/reports', title: 'nav.reports', may: ['reports.read'] },
    { path: '/directives', title: 'nav.directives', may: ['directives.read'] },
    { path: '/recovery', title: 'nav.recovery', may: ['recovery.read'] },
    { path: '/exercises', title: 'nav.exercises', may: ['exercises.read', 'exercises.live'] },
    { path: '/drill', title: 'nav.drill', may: ['exercises.play'] },
  ],
  [
    { path: '/figures', title: 'nav.figures', may: ['figures.read'] },
    { path: '/people', title: 'nav.people', may: ['people.read'] },
    { path: '/audit', title: 'nav.audit', may: ['audit.read'] },
    { path: '/settings', title: 'nav.settings', may: null },
  ],
];
