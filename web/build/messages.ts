// Messages are written in ICU MessageFormat, in JSON; the build turns each into the parts that Lingui puts together, so
// that no parser is loaded by browsers. A module that names keys brings the English texts of these keys with it: a page
// comes with its own texts and no others. Keys that are put together from parts are those with the beginning that is named.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { compileMessage } from '@lingui/message-utils/compileMessage';
import type { Plugin } from 'vite';

const MODULE = 'virtual:messages';
const KEY = /['"`]([a-z]+\.[\w.]*)(['"`]|\$\{)/g;

/** Compile `messages/<language>/<area>.json`, and add the English texts to the modules that show them. */
export function messages(): Plugin {
  let root = '';
  const texts = new Map<string, string>();
  const ofModules = new Map<string, string>();
  return {
    name: 'messages',
    enforce: 'pre',
    configResolved(config) {
      root = config.root;
    },
    buildStart() {
      const folder = join(root, 'messages', 'en');
      for (const file of readdirSync(folder)) for (const [key, text] of Object.entries(read(join(folder, file)))) texts.set(key, text);
    },
    resolveId: (id) => (id.startsWith(MODULE) ? `\0${id}` : null),
    load(id) {
      if (id.startsWith(`\0${MODULE}`)) {
        const code = ofModules.get(id.slice(MODULE.length + 1)) ?? '';
        return { code, moduleType: 'js', moduleSideEffects: true, map: null };
      }
      if (!id.endsWith('.json') || basename(dirname(dirname(id))) !== 'messages') return null;
      return { code: `export default ${compiled(Object.entries(read(id)))}`, moduleType: 'js', map: null };
    },
    transform(code, id) {
      if (!id.startsWith(join(root, 'src')) || !/\.tsx?$/.test(id)) return null;
      const named = [...code.matchAll(KEY)].map(([, key, end]) => (end === '${' ? { beginning: key as string } : { key: key as string }));
      const shown = [...texts].filter(([key]) => named.some((one) => ('key' in one ? one.key === key : key.startsWith(one.beginning))));
      if (shown.length === 0) return null;
      ofModules.set(id, `import { addEnglish } from '/src/i18n/english.ts';\naddEnglish(${compiled(shown)});`);
      return { code: `${code}\nimport '${MODULE}${id}';\n`, map: null };
    },
  };
}

function read(file: string): Record<string, string> {
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
}

function compiled(texts: readonly (readonly [string, string])[]): string {
  return JSON.stringify(Object.fromEntries(texts.map(([key, text]) => [key, compileMessage(text)])));
}
