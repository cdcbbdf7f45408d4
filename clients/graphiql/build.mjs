// Builds the explorer into app/graphql/transport/explorer/assets, and says there what it was built from: `npm ci`, then `node build.mjs`.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = join(HERE, '../../app/graphql/transport/explorer/assets');
const SOURCES = ['build.mjs', 'explorer.css', 'explorer.js', 'no-style-elements.js', 'package-lock.json'];
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Fonts of the reader's system do: those of the package are three times the size of all other styles. */
const withoutFonts = {
  name: 'without-fonts',
  setup(building) {
    building.onLoad({ filter: /\.css$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8').replace(/@font-face\s*\{[^}]*\}/g, '');
      return { contents: text, loader: 'css' };
    });
  },
};

const { metafile } = await build({
  absWorkingDir: HERE,
  entryPoints: ['explorer.js'],
  outdir: TARGET,
  bundle: true,
  minify: true,
  metafile: true,
  format: 'iife',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  define: { 'process.env.NODE_ENV': '"production"' },
  alias: { 'react-style-singleton': './no-style-elements.js' },
  plugins: [withoutFonts],
});

/** The folder of the package that a bundled file belongs to. */
function packageOf(file) {
  const parts = file.split('/');
  const start = parts.lastIndexOf('node_modules');
  if (start < 0) return null;
  return parts.slice(0, start + (parts[start + 1].startsWith('@') ? 3 : 2)).join('/');
}

const folders = [...new Set(Object.keys(metafile.inputs).map(packageOf))].filter(Boolean);
const packages = folders
  .map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(HERE, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(HERE, folder)).find((one) => /^licen[cs]e/i.test(one));
    const text = file ? readFileSync(join(HERE, folder, file), 'utf8').replace(/\r/g, '').trim() : `Licence: ${license}.`;
    return { folder, name, version, license, text };
  })
  .sort((a, b) => (a.name + a.version < b.name + b.version ? -1 : 1));
const licences = packages.map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text}\n`);
writeFileSync(
  join(TARGET, 'LICENSES.txt'),
  `What explorer.js and explorer.css are made of, beside this project's own lines.\n\n${licences.join(`\n${'-'.repeat(78)}\n\n`)}`,
);

const outputs = ['explorer.css', 'explorer.js', 'LICENSES.txt'];
const digests = (folder, names) => Object.fromEntries(names.map((name) => [name, sha256(readFileSync(join(folder, name)))]));
const record = {
  built: digests(TARGET, outputs),
  from: digests(HERE, SOURCES),
  packages: Object.fromEntries(packages.map(({ folder, version }) => [folder, version])),
};
writeFileSync(join(TARGET, 'build.json'), `${JSON.stringify(record, null, 2)}\n`);
if (!existsSync(join(TARGET, 'explorer.js'))) throw new Error('nothing was built');
console.log(`${relative(process.cwd(), TARGET)}: ${packages.length} packages`);
