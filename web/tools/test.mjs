// Runs the tests in test/ and prints TAP. Node 18 reads no TypeScript, so they are bundled first.
// COLOA_CHROMIUM: the browser; else Debian's. Screenshots and what failed: build/shots.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));
const browser = process.env.COLOA_CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => existsSync(p));
if (!browser || !existsSync('dist/index.html')) {
  console.log('TAP version 13\n1..1');
  const why = browser ? 'the console is not built (web/dist)' : 'no chromium';
  console.log(`# skipped: ${why}\nok 1 - console in a browser # SKIP ${why}`);
  process.exit(0);
}
// esbuild remembers where it was begun.
await build({ absWorkingDir: process.cwd(), entryPoints: ['test/all.ts'], bundle: true, platform: 'node', format: 'esm', target: 'node18', outfile: 'build/test.mjs', external: ['playwright-core', 'axe-core'], logLevel: 'warning' });
const ran = spawnSync(process.execPath, ['--test-reporter=tap', ...process.argv.slice(2), 'build/test.mjs'], { stdio: 'inherit', env: { ...process.env, COLOA_CHROMIUM: browser } });
process.exit(ran.status ?? 1);
