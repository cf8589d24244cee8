// Address to page. `nav`: the entry of the navigation that is lit. `may`: any of these permissions shows the entry.
import type { Component } from 'svelte';
import Action from './pages/Action.svelte';
import Actions from './pages/Actions.svelte';
import Alert from './pages/Alert.svelte';
import Alerts from './pages/Alerts.svelte';
import Audit from './pages/Audit.svelte';
import FirstRun from './pages/FirstRun.svelte';
import Handover from './pages/Handover.svelte';
import Incident from './pages/Incident.svelte';
import Incidents from './pages/Incidents.svelte';
import People from './pages/People.svelte';
import Person from './pages/Person.svelte';
import Playbooks from './pages/Playbooks.svelte';
import Report from './pages/Report.svelte';
import Reports from './pages/Reports.svelte';
import Search from './pages/Search.svelte';
import Settings from './pages/Settings.svelte';
import Sources from './pages/Sources.svelte';
import System from './pages/System.svelte';
import Systems from './pages/Systems.svelte';
import Tonight from './pages/Tonight.svelte';
import Units from './pages/Units.svelte';

export interface Route {
  page: Component<{ id: string }>;
  nav: string;
  title: string;
  id: string;
}
interface Rule extends Omit<Route, 'id'> {
  path: RegExp;
}
const rule = (path: RegExp, page: unknown, nav: string, title: string): Rule => ({ path, page: page as Route['page'], nav, title });

const rules: Rule[] = [
  rule(/^\/$/, Tonight, '/', 'nav.tonight'),
  rule(/^\/handover$/, Handover, '/', 'handover.title'),
  rule(/^\/alerts$/, Alerts, '/alerts', 'nav.alerts'),
  rule(/^\/alerts\/(\d+)$/, Alert, '/alerts', 'alert.title'),
  rule(/^\/incidents$/, Incidents, '/incidents', 'nav.incidents'),
  rule(/^\/incidents\/(\d+)$/, Incident, '/incidents', 'incident.title'),
  rule(/^\/search$/, Search, '/search', 'nav.search'),
  rule(/^\/systems$/, Systems, '/systems', 'nav.systems'),
  rule(/^\/systems\/(\d+|new)$/, System, '/systems', 'system.title'),
  rule(/^\/sources$/, Sources, '/sources', 'nav.sources'),
  rule(/^\/actions$/, Actions, '/actions', 'nav.actions'),
  rule(/^\/actions\/(\d+)$/, Action, '/actions', 'action.title'),
  rule(/^\/playbooks$/, Playbooks, '/playbooks', 'nav.playbooks'),
  rule(/^\/reports$/, Reports, '/reports', 'nav.reports'),
  rule(/^\/reports\/(\d+)$/, Report, '/reports', 'report.title'),
  rule(/^\/people$/, People, '/people', 'nav.people'),
  rule(/^\/people\/(\d+|new)$/, Person, '/people', 'person.title'),
  rule(/^\/units$/, Units, '/people', 'units.title'),
  rule(/^\/audit$/, Audit, '/audit', 'nav.audit'),
  rule(/^\/settings$/, Settings, '/settings', 'nav.settings'),
  rule(/^\/start$/, FirstRun, '/start', 'start.title'),
];

export function find(path: string): Route | null {
  for (const r of rules) {
    const found = r.path.exec(path);
    if (found) return { page: r.page, nav: r.nav, title: r.title, id: found[1] ?? '' };
  }
  return null;
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
  ],
  [
    { path: '/people', title: 'nav.people', may: ['people.read'] },
    { path: '/audit', title: 'nav.audit', may: ['audit.read'] },
    { path: '/settings', title: 'nav.settings', may: null },
  ],
];
