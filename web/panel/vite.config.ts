import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
// @ts-expect-error: a script of Node's, without types
import { thirdParty } from './scripts/third-party.mjs';

// `npm run dev` talks to a running scanner: PANEL_SCANNER=http://127.0.0.1:8010 npm run dev
declare const process: { env: Record<string, string | undefined> };
const scanner = process.env['PANEL_SCANNER'] ?? 'http://127.0.0.1:8010';
const routes = ['rankings', 'fields', 'opportunities', 'symbol', 'symbols', 'healthz', 'health', 'ready', 'stream', 'settings',
  'watchlists', 'profiles', 'alerts', 'manipulation', 'exchange', 'replay', 'recordings'];

export default defineConfig({
  // Relative, so that the console works under whichever path a proxy shows it at.
  base: './',
  plugins: [svelte(), thirdParty()],
  build: {
    target: 'es2022',
    // Data URLs in style sheets would need a wider Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: false,
    // One style sheet packs better than two, and what opens later is in shape at once.
    cssCodeSplit: false,
    // Smaller than what esbuild's own minifier makes of it. Never `pure_getters`: a getter read here is how an effect
    // says what it depends on.
    minify: 'terser',
    terserOptions: { ecma: 2020, module: true, compress: { passes: 3 }, format: { comments: false } },
    reportCompressedSize: true,
  },
  server: {
    proxy: Object.fromEntries(routes.map((route) => [`/${route}`, { target: scanner, ws: true }])),
  },
});
