// Messages are written in ICU MessageFormat, in JSON; the build turns each into the parts that Lingui puts together, so
// that no parser is loaded by browsers.
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { compileMessage } from '@lingui/message-utils/compileMessage';
import type { Plugin } from 'vite';

/** Compile `messages/<language>/<area>.json`. */
export function messages(): Plugin {
  return {
    name: 'messages',
    enforce: 'pre',
    load(id) {
      if (!id.endsWith('.json') || basename(dirname(dirname(id))) !== 'messages') return null;
      const texts = JSON.parse(readFileSync(id, 'utf8')) as Record<string, string>;
      const compiled = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, compileMessage(text)]));
      return { code: `export default ${JSON.stringify(compiled)}`, moduleType: 'js', map: null };
    },
  };
}
