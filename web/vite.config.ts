import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compression } from './build/compression.ts';
import { documents } from './build/documents.ts';
import { messages } from './build/messages.ts';

/** Where the development server finds the API: `modelyard up` prints it. */
const api = process.env['MODELYARD_URL'] ?? 'http://127.0.0.1:8080';

/** Packages without which no page is drawn. */
const BASE = /\/node_modules\/(?:react|react-dom|scheduler|@lingui|@tanstack\/(?:react-query|query-core|react-router|router-core|history|store|react-store))\//;

export default defineConfig({
  plugins: [messages(), documents(), react(), compression()],
  build: {
    // `python -m app.web.build` names a folder of its own and renames it when the build is whole.
    outDir: process.env['MODELYARD_WEB_OUT'] ?? '../app/web/built',
    emptyOutDir: true,
    assetsDir: '-/assets',
    // Inlined files would be `data:` addresses, which the pages' content policy takes for images alone.
    assetsInlineLimit: 0,
    target: 'es2023',
    manifest: true,
    // Of the packages that are in the scripts; the server hands it out as /-/licenses.
    license: { fileName: 'licenses.md' },
    // The polyfill is an inline script for browsers that are too old for these pages.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        entryFileNames: '-/assets/[name]-[hash].js',
        chunkFileNames: '-/assets/[name]-[hash].js',
        assetFileNames: '-/assets/[name]-[hash][extname]',
        codeSplitting: {
          groups: [
            // Packages without which no page is drawn, in one file that changes only with them; what else every page needs; and
            // what many pages need: a page is shown after a dozen requests, and has little that it does not use.
            { name: 'base', test: BASE, priority: 3 },
            { name: 'start', tags: ['$initial'], priority: 2 },
            { name: 'common', minShareCount: 10, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ['/graphql', '/api', '/artifacts/', '/uploads/', '/sign-in', '/sign-out', '/account', '/invitations', '/openid', '/links'].map((path) => [
        path,
        { target: api, changeOrigin: false },
      ]),
    ),
  },
});
