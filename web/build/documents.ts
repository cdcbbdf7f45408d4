// The pages send the hash of a document, never its text: the texts go into a manifest that the server reads, and are
// taken out of the scripts. Each document is a module of its own, so that it comes with the page that sends it.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const TEXTS = /^ {2}text: `(?:[^`\\]|\\.)*`,$/gms;

const CONSTANT = /^export const (\w+): TypedDocument<\w+, \w+> = (\{.*?^\});$/gms;
const MODULE = 'virtual:operations/';

export function documents(): Plugin {
  let root = '';
  let folder = '';
  const constants = new Map<string, string>();
  return {
    name: 'documents',
    apply: 'build',
    enforce: 'pre',
    configResolved(config) {
      root = config.root;
      folder = config.build.outDir;
    },
    resolveId: (id) => (id.startsWith(MODULE) ? `\0${id}` : null),
    load(id) {
      const code = id.startsWith(`\0${MODULE}`) ? constants.get(id.slice(MODULE.length + 1)) : undefined;
      return code === undefined ? null : { code, moduleType: 'js', moduleSideEffects: false, map: null };
    },
    transform(code, id) {
      if (!id.endsWith('/src/api/operations.ts')) return null;
      for (const [, name, value] of code.replaceAll(TEXTS, "  text: '',").matchAll(CONSTANT)) {
        constants.set(name as string, `export const ${name} = ${value};`);
      }
      const exports = [...constants.keys()].map((name) => `export { ${name} } from '${MODULE}${name}';`);
      return { code: exports.join('\n'), moduleType: 'js', moduleSideEffects: false, map: null };
    },
    // Not when the bundle is closed: that happens after a failure, too, and would hide it.
    writeBundle() {
      copyFileSync(join(root, 'src', 'api', 'documents.json'), join(folder, 'documents.json'));
    },
  };
}
