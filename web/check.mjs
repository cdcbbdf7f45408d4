// What the pages have to pass: types, operations that fit the schema, colours that can be read, and texts that are whole in
// every language.
//
//   node check.mjs
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileMessageOrThrow } from '@lingui/message-utils/compileMessage';

const HERE = import.meta.dirname;
const OURS = join(HERE, '..');

/** Names of the places of a compiled text, also within its plurals. */
function places(parts) {
  const found = new Set();
  for (const part of parts) {
    if (typeof part === 'string') continue;
    const [name, , choices] = part;
    found.add(name);
    if (choices === null || typeof choices !== 'object') continue;
    for (const choice of Object.values(choices)) if (Array.isArray(choice)) for (const one of places(choice)) found.add(one);
  }
  return found;
}

function read(language, area) {
  return JSON.parse(readFileSync(join(HERE, 'messages', language, area), 'utf8'));
}

/** What is missing, left over or different between a language and English, and keys that two areas have. */
function problemsOfMessages() {
  const [first, ...others] = ['en', ...readdirSync(join(HERE, 'messages')).filter((name) => name !== 'en')];
  const areas = readdirSync(join(HERE, 'messages', first));
  const problems = [];
  const owners = new Map();
  for (const area of areas) {
    const source = read(first, area);
    for (const key of Object.keys(source)) {
      if (!key.startsWith(`${area.slice(0, -'.json'.length)}.`)) problems.push(`${first}/${area}: ${key} does not begin with its area.`);
      if (owners.has(key)) problems.push(`${first}/${area}: ${key} is a key of ${owners.get(key)}, too.`);
      owners.set(key, area);
    }
    for (const language of others) problems.push(...compare(source, read(language, area), `${language}/${area}`));
  }
  return problems;
}

function compare(source, translation, file) {
  const problems = [];
  for (const key of Object.keys(translation)) if (!(key in source)) problems.push(`${file}: ${key} is no key in English.`);
  for (const [key, text] of Object.entries(source)) {
    const other = translation[key];
    if (typeof other !== 'string' || other.trim() === '') {
      problems.push(`${file}: ${key} is missing.`);
      continue;
    }
    try {
      const [wanted, given] = [text, other].map((one) => [...places(compileMessageOrThrow(one))].sort().join(' '));
      if (wanted !== given) problems.push(`${file}: ${key} has the places {${given}}, English has {${wanted}}.`);
    } catch (error) {
      problems.push(`${file}: ${key} is not ICU MessageFormat: ${error.message}`);
    }
  }
  return problems;
}

/** Keys that no module names are dead texts; a key put together from parts is named by its beginning. */
function unusedKeys() {
  const files = readdirSync(join(HERE, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
  const code = files.map((file) => readFileSync(join(HERE, 'src', file), 'utf8')).join('\n');
  const beginnings = [...code.matchAll(/`([a-z_]+\.[a-zA-Z_.]*)\$\{/g)].map(([, beginning]) => beginning);
  const keys = readdirSync(join(HERE, 'messages', 'en')).flatMap((area) => Object.keys(read('en', area)));
  return keys
    .filter((key) => !code.includes(`'${key}'`) && !code.includes(`"${key}"`) && !beginnings.some((one) => key.startsWith(one)))
    .map((key) => `messages: nothing shows ${key}.`);
}

function passes(...command) {
  return spawnSync(process.execPath, command, { cwd: HERE, stdio: 'inherit' }).status === 0;
}

const problems = [...problemsOfMessages(), ...unusedKeys()];
for (const problem of problems) console.error(problem);
const codegen = join(OURS, 'clients', 'typescript', 'codegen.mjs');
const results = [
  problems.length === 0,
  passes(codegen, '--check', '--schema', join(OURS, 'schema.graphql'), '--out', 'src/api', 'operations'),
  passes(join('src', 'styles', 'contrast.mjs')),
  passes(join('node_modules', 'typescript', 'bin', 'tsc'), '--noEmit'),
];
process.exitCode = results.every(Boolean) ? 0 : 1;
