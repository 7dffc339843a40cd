import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { scriptIntegrity } from './build/integrity.ts';
import { themeVariables } from './build/theme-variables.ts';

/** Where `npm run dev` finds the server, by the origin that the server calls its own. */
const server = process.env.BULKHEAD_SERVER ?? 'http://localhost:4000';

/** The server takes changes from its own pages alone; in development these are the pages that Vite serves. */
const passedOn = { target: server, headers: { origin: server } };

export default defineConfig({
  plugins: [react(), themeVariables(), scriptIntegrity()],
  // The server puts a new nonce in its place for each answer; packages/server/src/http/console.ts knows the text.
  html: { cspNonce: '@bulkhead-nonce@' },
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
    proxy: { '/rpc': passedOn, '/api': passedOn },
  },
});
