// The console's build: one script, one style sheet, no inline code (the node's Content-Security-Policy allows
// none), nothing from elsewhere. dist/ is what the program carries.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const node = process.env.COLOA_CONSOLE ?? 'http://127.0.0.1:8600';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: ['chrome100', 'firefox100', 'safari15'],
    outDir: 'dist',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  // `npx vite` while writing: pages from here, data from a node or from `npm run mock`.
  server: { proxy: { '/api': { target: node, changeOrigin: true } } },
});
