// Bundles test/mock_main.ts (node 18 reads no TypeScript) and runs it.
import { build } from 'esbuild';

await build({ entryPoints: ['test/mock_main.ts'], bundle: true, platform: 'node', format: 'esm', target: 'node18', outfile: 'build/mock.mjs', logLevel: 'warning' });
await import(new URL('../build/mock.mjs', import.meta.url).href);
