// Whether texts and controls stand out enough in both themes (WCAG 2.2, 1.4.3 and 1.4.11), and the dark values are the same twice.
//
//   node src/styles/contrast.mjs
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const css = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8');
const [light, chosen, system] = [/:root \{([^}]*)\}/, /:root\[data-theme='dark'\] \{([^}]*)\}/, /:root:not\([^)]*\) \{([^}]*)\}/].map(
  (block) => Object.fromEntries([...block.exec(css)[1].matchAll(/--([\w-]+): ([^;]+);/g)].map(([, name, value]) => [name, value])),
);

function luminance(hex) {
  const [r, g, b] = [1, 3, 5]
    .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const grounds = ['canvas', 'surface', 'sunken', 'raised', 'hover', 'selected'];
const tones = ['accent', 'neutral', 'info', 'good', 'warn', 'bad'];
const pairs = [
  ...grounds.flatMap((ground) => ['text', 'text-muted', 'text-faint', 'link', 'bad-text', 'warn-text', 'good-text'].map((text) => [text, ground, 4.5])),
  ...tones.map((tone) => [`${tone}-text`, `${tone}-bg`, 4.5]),
  ...['accent-solid', 'accent-solid-hover', 'bad-solid', 'bad-solid-hover'].map((solid) => ['text-on-solid', solid, 4.5]),
  ...['canvas', 'surface', 'raised'].flatMap((ground) => ['line-control', 'focus', 'accent-solid'].map((part) => [part, ground, 3])),
  ['text', 'mark', 4.5],
  ['text', 'pressed', 4.5],
];
const problems = [];
for (const [theme, values] of [['light', light], ['dark', { ...light, ...chosen }]]) {
  for (const [front, ground, least] of pairs) {
    const ratio = contrast(values[front], values[ground]);
    if (ratio < least) problems.push(`${theme}: ${front} on ${ground} is ${ratio.toFixed(2)}:1, less than ${least}:1.`);
  }
}
for (const name of new Set([...Object.keys(chosen), ...Object.keys(system)])) {
  if (chosen[name] !== system[name]) problems.push(`dark: ${name} differs between the chosen theme and the system's.`);
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
