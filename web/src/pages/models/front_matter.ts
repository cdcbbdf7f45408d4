/** One line of the table that front matter becomes. */
export interface FrontMatterEntry {
  readonly key: string;
  /** Words or lines, each its own; a single value is a list of one. */
  readonly values: readonly string[];
  /** What is nested deeper, as it was written. */
  readonly nested: string | null;
}

// The same text that the server leaves out of descriptions as HTML (app/graphql/types/markdown.py).
const FRONT_MATTER = /^---[ \t]*\r?\n(?=[^\s:#-][^:\r\n]*:)((?:.*\r?\n)*?)(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/;

/**
 * The front matter of a card, as far as a table can show it: keys with a value or a list of values; anything deeper stays as
 * it is written. It is data for programs, which read YAML whole.
 */
export function frontMatterOf(description: string): FrontMatterEntry[] {
  const lines = FRONT_MATTER.exec(description)?.[1]?.split(/\r?\n/) ?? [];
  const groups: { key: string; first: string; rest: string[] }[] = [];
  for (const line of lines) {
    const start = /^([^\s:#-][^:]*):(?:\s+(.*))?$/.exec(line);
    if (start) groups.push({ key: start[1] ?? '', first: bare(start[2] ?? ''), rest: [] });
    else if (line.trim() !== '' && !line.trimStart().startsWith('#')) groups.at(-1)?.rest.push(line);
  }
  return groups.map(({ key, first, rest }) => entry(key, first, rest));
}

function entry(key: string, first: string, rest: readonly string[]): FrontMatterEntry {
  const list = /^\[(.*)\]$/.exec(first);
  if (list) return { key, values: (list[1] ?? '').split(',').map(bare).filter(Boolean), nested: null };
  if (rest.length === 0) return { key, values: first === '' ? [] : [first], nested: null };
  const items = rest.map((line) => /^\s*-\s+(?![^"'\s][^:]*:\s)(.+)$/.exec(line)?.[1]);
  if (first === '' && items.every((item) => item !== undefined)) return { key, values: items.map((item) => bare(item ?? '')), nested: null };
  return { key, values: [], nested: [first, ...rest].filter(Boolean).join('\n') };
}

/** A value without its quotes and the blanks around it. */
function bare(value: string): string {
  const trimmed = value.trim();
  return /^(["']).*\1$/.test(trimmed) ? trimmed.slice(1, -1) : trimmed;
}
