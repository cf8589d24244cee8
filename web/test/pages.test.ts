// Every page, in both languages and both themes: it draws, nobody complains (a breach of the Content-Security-Policy
// would), axe-core finds nothing, and no text is a mistake. A picture of each stays in build/shots.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, mistakes, settled, world, type World } from './world.ts';

const PAGES: Record<string, string> = {
  tonight: '/', alerts: '/alerts', alert: '/alerts/2', incidents: '/incidents', incident: '/incidents/147', search: '/search?q=dc02', 'search-empty': '/search', systems: '/systems', system: '/systems/1', 'system-new': '/systems/new', sources: '/sources', actions: '/actions', action: '/actions/312', 'action-active': '/actions/309',
  reports: '/reports', report: '/reports/45', 'report-draft': '/reports/47', playbooks: '/playbooks', playbook: '/playbooks/3', run: '/playbooks/runs/1', people: '/people', person: '/people/2', 'person-new': '/people/new', units: '/units', audit: '/audit', settings: '/settings', 'settings-node': '/settings/node', opening: '/settings/opening', exceptions: '/settings/exceptions', outgoing: '/settings/outgoing', directives: '/directives', directive: '/directives/3', 'directive-new': '/directives/new', 'evidence-list': '/evidence', evidence: '/evidence/1', 'evidence-range': '/evidence/2', exports: '/evidence/exports', export: '/evidence/exports/1', recovery: '/recovery', 'drill-bad': '/recovery/drills/1', 'drill-running': '/recovery/drills/3', 'system-recovery': '/systems/1/recovery', improvements: '/improvements', figures: '/figures', duty: '/duty', handover: '/handover', handovers: '/handovers', 'handover-kept': '/handovers/3', exercises: '/exercises', exercise: '/exercises/4', 'exercise-running': '/exercises/3', 'exercise-new': '/exercises/new', board: '/exercises/3/board', results: '/exercises/2/results', 'unit-result': '/exercises/2/results/33', 'live-rules': '/exercises/5/declaration', findings: '/exercises/5/findings', 'live-log': '/exercises/5/findings?view=activity', 'live-matches': '/exercises/5/findings?view=matches', finding: '/exercises/5/findings/4', scenarios: '/scenarios', scenario: '/scenarios/1', 'scenario-new': '/scenarios/new', 'drill-none': '/drill', start: '/start', missing: '/nothing-here',
};
async function check(w: World, name: string): Promise<void> {
  const { page } = w;
  await settled(page);
  await w.shot(`${name}-vi-light`);
  assert.deepEqual(await axe(page), [], `${name}, vi, light: axe`);
  assert.deepEqual(await mistakes(page), [], `${name}, vi: text`);
  await page.emulateMedia({ colorScheme: 'dark' });
  await w.shot(`${name}-vi-dark`);
  const en = page.getByRole('button', { name: 'English' }).first();
  if (await en.count()) {
    await en.click();
    await page.waitForTimeout(80);
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
    await w.shot(`${name}-en-dark`);
    assert.deepEqual(await axe(page), [], `${name}, en, dark: axe`);
    assert.deepEqual(await mistakes(page), [], `${name}, en: text`);
    await page.emulateMedia({ colorScheme: 'light' });
    await w.shot(`${name}-en-light`);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name}: ${wide} px too wide`);
  assert.deepEqual(w.complaints, [], `${name}: complaints`);
}

for (const [name, path] of Object.entries(PAGES))
  test(`page ${name}`, async () => {
    const w = await world({ path });
    try {
      await check(w, name);
    } finally {
      await w.end();
    }
  });

for (const [name, path] of Object.entries({ 'drill-tonight': '/', drill: '/drill', 'drill-incident': '/incidents/147' }))
  test(`page ${name}, while one plays`, async () => {
    const w = await world({ path, before: (m) => (m.state.drill = true) });
    try {
      await w.page.getByRole('complementary', { name: 'Đang diễn tập' }).waitFor();
      await check(w, name);
    } finally {
      await w.end();
    }
  });
test('page sign-in', async () => {
  const w = await world({ before: (m) => (m.state.signedIn = false) });
  try {
    await check(w, 'signin');
  } finally {
    await w.end();
  }
});
test('page tonight, when nothing happens', async () => {
  const w = await world({ before: (m) => (m.state.quiet = true) });
  try {
    await check(w, 'tonight-quiet');
    assert.match(await w.page.locator('main').innerText(), /412/, 'quiet says how many sources are sending');
  } finally {
    await w.end();
  }
});
for (const [name, path] of Object.entries({ tonight: '/', approve: '/?tab=approve', call: '/?tab=call', alert: '/alerts/2', action: '/actions/312' }))
  test(`phone ${name}`, async () => {
    const w = await world({ path, width: 390, height: 850 });
    try {
      await check(w, `phone-${name}`);
      const small = await w.page.evaluate(() => [...document.querySelectorAll<HTMLElement>('main .btn.big, .tabs a, main .primary')].filter((b) => b.getBoundingClientRect().height < 48).map((b) => b.textContent));
      assert.deepEqual(small, [], 'what is pressed is at least 48 px high');
    } finally {
      await w.end();
    }
  });
test('zoomed to 200 % nothing is cut off at the side', async () => {
  for (const path of ['/', '/alerts/2', '/incidents/147', '/settings']) {
    const w = await world({ path, width: 640, height: 400 });
    try {
      await settled(w.page);
      const wide = await w.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${path}: ${wide} px too wide`);
    } finally {
      await w.end();
    }
  }
});
