// The two files of strings have the same keys and the same values in braces; every key is used, and every key that is
// used is there. A key that is put together in code (word('role', …), t(`start.${…}`)) counts for its whole group.
import { build } from 'esbuild';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

async function table(lang) {
  const out = await build({ entryPoints: [`src/strings/${lang}.ts`], bundle: true, format: 'esm', write: false, logLevel: 'error' });
  return (await import('data:text/javascript;base64,' + Buffer.from(out.outputFiles[0].contents).toString('base64')))[lang];
}
function sources(at) {
  return readdirSync(at).flatMap((name) => {
    const path = join(at, name);
    if (statSync(path).isDirectory()) return name === 'strings' ? [] : sources(path);
    return /\.(svelte|ts)$/.test(name) ? [readFileSync(path, 'utf8')] : [];
  });
}
const [en, vi] = await Promise.all([table('en'), table('vi')]);
const text = sources('src').join('\n');
const faults = [];

const names = (s) => new Set([...s.matchAll(/\{(\w+)/g)].map((m) => m[1]));
for (const key of new Set([...Object.keys(en), ...Object.keys(vi)])) {
  if (!(key in vi)) faults.push(`${key}: not in vi.ts`);
  else if (!(key in en)) faults.push(`${key}: not in en.ts`);
  else {
    for (const name of names(vi[key])) if (!names(en[key]).has(name)) faults.push(`${key}: {${name}} only in Vietnamese`);
    for (const m of en[key].matchAll(/\{(\w+)\}/g)) if (!names(vi[key]).has(m[1])) faults.push(`${key}: {${m[1]}} only in English`);
    if (!en[key].trim() || !vi[key].trim()) faults.push(`${key}: empty`);
  }
}
const groups = new Set([...text.matchAll(/word\('(\w+)'/g)].map((m) => m[1] + '.'));
for (const m of text.matchAll(/t\(`([\w.]+)\$\{/g)) groups.add(m[1]);
for (const key of Object.keys(en)) if (!text.includes(`'${key}'`) && ![...groups].some((g) => key.startsWith(g))) faults.push(`${key}: used nowhere`);
for (const m of text.matchAll(/\bt\((?:[^'()]*\? *)?'([\w.]+)'/g)) if (!(m[1] in en)) faults.push(`${m[1]}: used, and in no file`);

for (const f of faults) console.error('strings: ' + f);
console.log(`strings: ${Object.keys(en).length} in two languages, ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
