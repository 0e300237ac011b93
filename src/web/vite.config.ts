/**
 * Builds the page into dist/web, from where the console serves it. Nothing is inlined, because the console's
 * Content-Security-Policy allows scripts and styles from its own origin only. `vite src/web` serves the sources
 * and passes the API's calls on to a console at 127.0.0.1:8080.
 */

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// biome-ignore lint/style/noDefaultExport: Vite reads its configuration from there.
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
});
