import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

// Whitespace stays as it is written: a separator between two values must not vanish with the block it begins.
export default { preprocess: vitePreprocess({ style: false }), compilerOptions: { preserveWhitespace: true } };
