// What can be said of the pages without a browser: strings, contrast, size.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

for (const [name, what] of Object.entries({ strings: 'strings are the same in both languages, none missing or unused', contrast: 'every pair of colours has contrast enough', size: 'the first load is small, and nothing is inline' }))
  test(what, () => {
    const ran = spawnSync(process.execPath, [`tools/check_${name}.mjs`], { encoding: 'utf8' });
    assert.equal(ran.status, 0, ran.stderr);
  });
