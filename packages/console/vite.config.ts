import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { themeVariables } from './build/theme-variables.ts';

/** Where `npm run dev` finds the server; it runs beside the console during development. */
const server = process.env.BULKHEAD_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react(), themeVariables()],
  build: {
    target: 'es2023',
    // A data: address in a style sheet needs no policy change, but fonts and scripts must stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rolldownOptions: {
      output: {
        // What changes seldom stays in the browser's cache when a page changes.
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react|react-dom|scheduler)\// },
            { name: 'routing-and-data', test: /node_modules\/(@tanstack|@orpc)\// },
          ],
        },
      },
    },
  },
  server: {
    proxy: { '/rpc': server, '/api': server },
  },
});
