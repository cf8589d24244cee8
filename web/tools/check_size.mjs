// What the first page loads: the page itself and every script and style that it names, compressed as the node sends
// them. At most 200 kB (CONSOLE.md). And nothing inline, nothing from elsewhere.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const MOST = 200_000;
const page = readFileSync('dist/index.html', 'utf8');
const files = ['index.html', ...[...page.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((m) => m[1])];
let sum = 0;
for (const name of files) {
  const n = gzipSync(readFileSync('dist/' + name), { level: 9 }).length;
  console.log(`size: ${String(n).padStart(7)} ${name}`);
  sum += n;
}
const faults = [];
if (sum > MOST) faults.push(`${sum} bytes at first load, at most ${MOST}`);
if (/<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=/i.test(page)) faults.push('index.html has inline code');
if (/(?:src|href)="(?:https?:)?\/\//i.test(page)) faults.push('index.html loads something from elsewhere');
for (const f of faults) console.error('size: ' + f);
console.log(`size: ${sum} bytes at first load, ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
