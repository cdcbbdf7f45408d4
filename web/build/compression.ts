// Each file of text gets a Brotli and a gzip variant beside it, made once by the build: the server compresses nothing.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { promisify } from 'node:util';
import type { Plugin } from 'vite';

const TEXT = /\.(?:css|html|js|json|svg|txt|wasm)$/;
/** Smaller files do not fit fewer packets when compressed. */
const LEAST_BYTES = 1_000;

export function compression(): Plugin {
  let folder = '';
  return {
    name: 'compression',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir;
    },
    // After the files of other plugins, and only when the build went well.
    writeBundle: {
      order: 'post',
      sequential: true,
      async handler() {
        const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => TEXT.test(file));
        await Promise.all(files.map((file) => compress(join(folder, file))));
      },
    },
  };
}

async function compress(file: string): Promise<void> {
  const content = readFileSync(file);
  if (content.length < LEAST_BYTES) return;
  const brotli = promisify(brotliCompress)(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });
  writeFileSync(`${file}.br`, await brotli);
  writeFileSync(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
}
