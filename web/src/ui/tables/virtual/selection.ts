/** One row more or less. */
export function toggled(selection: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(selection);
  if (!next.delete(key)) next.add(key);
  return next;
}

/** The rows between two, both included, in addition. */
export function withRange<Row>(
  selection: ReadonlySet<string>,
  rows: readonly Row[],
  rowKey: (row: Row) => string,
  from: number,
  to: number,
): ReadonlySet<string> {
  const [first, last] = from < to ? [from, to] : [to, from];
  return new Set([...selection, ...rows.slice(first, last + 1).map(rowKey)]);
}
