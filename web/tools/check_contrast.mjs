// Contrast of every pair of colours that the styles use, in both themes (WCAG 2.1: text 4.5, edges and shapes 3).
import { readFileSync } from 'node:fs';

const css = readFileSync('src/style/tokens.css', 'utf8');
const colours = (part) => Object.fromEntries([...part.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1], m[2]]));
const block = (start) => {
  const from = css.indexOf(start);
  return colours(css.slice(from, css.indexOf('}', from)));
};
const themes = { light: block(':root {'), dark: block(':root.theme-dark {'), system: block(':root:not(.theme-light) {') };
const light = (hex) => {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ratio = (a, b) => {
  const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
};
const pairs = [];
for (const ground of ['bg', 'surface', 'sunken', 'accent-weak']) for (const ink of ['ink', 'ink-2', 'ink-3', 'accent']) pairs.push([ink, ground, 4.5]);
for (const tone of ['crit', 'high', 'med', 'low', 'ok', 'drill']) for (const ground of ['surface', 'bg', 'accent-weak', tone + '-weak']) pairs.push([tone, ground, 4.5]);
pairs.push(['on-accent', 'accent', 4.5], ['ink', 'mark', 4.5], ['surface', 'mark-line', 4.5], ['on-drill', 'drill-fill', 4.5], ['on-drill', 'drill-hatch', 4.5]);
pairs.push(['line-control', 'surface', 3], ['line-control', 'bg', 3], ['mark-line', 'surface', 3], ['qr-ink', 'qr-ground', 4.5]);
let faults = 0;
for (const [a, b, need] of pairs)
  for (const [name, theme] of Object.entries(themes)) {
    const [x, y] = [theme[a] ?? themes.light[a], theme[b] ?? themes.light[b]];
    if (x && y && ratio(x, y) >= need) continue;
    console.error(`contrast: ${a} on ${b}, ${name}: ${x && y ? ratio(x, y).toFixed(2) : 'no such colour'}, needs ${need}`);
    faults++;
  }
for (const name of Object.keys(themes.dark)) if (themes.dark[name] !== themes.system[name]) (faults++, console.error(`contrast: ${name} differs between the two dark blocks`));
// A colour, or a size in the styles of components, is written in tokens.css only.
console.log(`contrast: ${pairs.length} pairs in ${Object.keys(themes).length} blocks, ${faults} faults`);
process.exit(faults ? 1 : 0);
