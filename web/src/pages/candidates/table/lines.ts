import { partsOf } from './columns';
import { valuesOf, type CandidateRow, type Line } from './rows';

/** What is open and closed. */
export interface Folding {
  /** Ids of candidates whose children are shown. */
  readonly open: ReadonlySet<string>;
  /** Values of groups whose rows are hidden. */
  readonly closed: ReadonlySet<string | null>;
}

/** Children that were read, by the id of their parent. */
export type Children = ReadonlyMap<string, readonly CandidateRow[]>;

const made = new WeakMap<CandidateRow, Line>();

/** The line of a candidate with nothing below it: the same one each time, so that only new rows are drawn. */
function plain(row: CandidateRow): Line {
  const there = made.get(row);
  if (there) return there;
  const line: Line = { kind: 'candidate', key: row.id, row, depth: 0, isOpen: false };
  made.set(row, line);
  return line;
}

/** The lines of a table whose children stand below their parents. */
export function nested(rows: readonly CandidateRow[], children: Children, folding: Folding, isNesting: boolean): readonly Line[] {
  const lines: Line[] = [];
  const add = (row: CandidateRow, depth: number) => {
    const isOpen = folding.open.has(row.id);
    lines.push(depth === 0 && !isOpen ? plain(row) : { kind: 'candidate', key: row.id, row, depth, isOpen });
    // A cycle cannot be logged; the depth bounds what is drawn all the same.
    if (isOpen && depth < 10) for (const child of children.get(row.id) ?? []) add(child, depth + 1);
  };
  for (const row of rows) if (!isNesting || row.parent === null) add(row, 0);
  return lines;
}

/** The lines of a table that the server has sorted by the value of a tag or param: a head before each value. */
export function grouped(rows: readonly CandidateRow[], column: string, closed: Folding['closed'], isEnded: boolean): readonly Line[] {
  const { group, key } = partsOf(column);
  const lines: Line[] = [];
  let at = 0;
  while (at < rows.length) {
    const value = group === 'p' || group === 't' ? valueAt(rows[at], group, key) : null;
    let end = at + 1;
    while (end < rows.length && valueAt(rows[end], group === 'p' ? 'p' : 't', key) === value) end += 1;
    const isOpen = !closed.has(value);
    lines.push({ kind: 'group', key: headOf(value), value, count: end - at, isEnded: isEnded || end < rows.length, isOpen });
    if (isOpen) for (const row of rows.slice(at, end)) lines.push(plain(row));
    at = end;
  }
  return lines;
}

/** A selection without heads of groups: one that was chosen or given up takes its rows along. */
export function withoutHeads(
  next: ReadonlySet<string>,
  before: ReadonlySet<string>,
  rows: readonly CandidateRow[],
  column: string | undefined,
): ReadonlySet<string> {
  const heads = [...next].filter((key) => key.startsWith(HEAD));
  if (heads.length === 0 || column === undefined) return next;
  const { group, key } = partsOf(column);
  const values = new Set(heads);
  const chosen = rows.filter((row) => values.has(headOf(valueAt(row, group === 'p' ? 'p' : 't', key)))).map((row) => row.id);
  const isAll = chosen.every((id) => before.has(id));
  const after = new Set([...next].filter((id) => !id.startsWith(HEAD)));
  for (const id of chosen) isAll ? after.delete(id) : after.add(id);
  return after;
}

const HEAD = 'group:';

/** The key of the head of a group. */
function headOf(value: string | null): string {
  return value === null ? HEAD : `${HEAD}=${value}`;
}

function valueAt(row: CandidateRow | undefined, group: 'p' | 't', key: string): string | null {
  return (row && valuesOf(row)[group].get(key)) ?? null;
}
