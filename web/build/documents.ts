// The pages send the hash of a document, never its text: the texts go into a manifest that the server reads, and are
// taken out of the scripts.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const TEXTS = /^ {2}text: `(?:[^`\\]|\\.)*`,$/gms;

export function documents(): Plugin {
  let root = '';
  let folder = '';
  return {
    name: 'documents',
    apply: 'build',
    enforce: 'pre',
    configResolved(config) {
      root = config.root;
      folder = config.build.outDir;
    },
    transform(code, id) {
      if (!id.endsWith('/src/api/operations.ts')) return null;
      return { code: code.replaceAll(TEXTS, "  text: '',"), map: null };
    },
    // Not when the bundle is closed: that happens after a failure, too, and would hide it.
    writeBundle() {
      copyFileSync(join(root, 'src', 'api', 'documents.json'), join(folder, 'documents.json'));
    },
  };
}
