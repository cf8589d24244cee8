// What the first page loads: the page itself, every script and style that it names, and Tonight with what that imports,
// compressed as the node sends them. At most 200 kB (CONSOLE.md). And nothing inline, nothing from elsewhere.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const MOST = 200_000;
const page = readFileSync('dist/index.html', 'utf8');
const files = ['index.html', ...[...page.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((m) => m[1])];
/* A chunk and all that it imports at once. */
function add(name) {
  if (files.includes(name)) return;
  files.push(name);
  for (const m of readFileSync('dist/' + name, 'utf8').matchAll(/(?:from|import)"\.\/([\w.-]+\.js)"/g)) add('assets/' + m[1]);
}
const tonight = readdirSync('dist/assets').find((f) => /^Tonight-.*\.js$/.test(f));
if (tonight) add('assets/' + tonight);
let sum = 0;
for (const name of files) {
  const n = gzipSync(readFileSync('dist/' + name), { level: 9 }).length;
  console.log(`size: ${String(n).padStart(7)} ${name}`);
  sum += n;
}
const faults = tonight ? [] : ['no chunk of the page Tonight'];
if (sum > MOST) faults.push(`${sum} bytes at first load, at most ${MOST}`);
if (/<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=/i.test(page)) faults.push('index.html has inline code');
if (/(?:src|href)="(?:https?:)?\/\//i.test(page)) faults.push('index.html loads something from elsewhere');
for (const f of faults) console.error('size: ' + f);
console.log(`size: ${sum} bytes at first load, ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
