// Columns are named by what they show: `a.status` an attribute, `m.loss` a metric, `p.depth` a param, `t.team` a tag.
// In an address they stand in their order, `!` before a pinned one, `~` and its width behind one that was resized.

/** What columns are put under. */
export type ColumnGroup = 'a' | 'm' | 'p' | 't';

export const COLUMN_GROUPS: readonly ColumnGroup[] = ['a', 'm', 'p', 't'];

/** Attributes that a column can show, in their usual order. */
export const ATTRIBUTES = ['name', 'status', 'started', 'duration', 'user', 'versions', 'experiment', 'created', 'uuid'] as const;

export type Attribute = (typeof ATTRIBUTES)[number];

/** A column that is shown. */
export interface ShownColumn {
  readonly id: string;
  readonly isPinned: boolean;
  /** In pixels; null: the usual one. */
  readonly width: number | null;
}

/** Keys of what candidates have logged, by the group of their columns. */
export interface LoggedKeys {
  readonly m: readonly string[];
  readonly p: readonly string[];
  readonly t: readonly string[];
}

const NARROWEST = 60;
const WIDEST = 900;
const FEW = 6;

/** The group of a column and the key that it shows. */
export function partsOf(id: string): { readonly group: ColumnGroup; readonly key: string } {
  const group = COLUMN_GROUPS.find((one) => id.startsWith(`${one}.`)) ?? 'a';
  return { group, key: id.slice(2) };
}

/** Whether it names a column that there can be. */
export function isColumn(id: string): boolean {
  const { group, key } = partsOf(id);
  return id.startsWith(`${group}.`) && key !== '' && (group !== 'a' || ATTRIBUTES.some((one) => one === key));
}

/** The columns of an address; unreadable ones are left out. */
export function readColumns(text: string | undefined): readonly ShownColumn[] | null {
  if (text === undefined) return null;
  const columns = text.split(',').map(readColumn).filter((column) => column !== null);
  const first = columns.findIndex((column) => column.id === 'a.name');
  // Rows are opened by their names: that column is always there.
  return first < 0 ? [{ id: 'a.name', isPinned: true, width: null }, ...columns] : columns;
}

function readColumn(text: string): ShownColumn | null {
  const isPinned = text.startsWith('!');
  const [name = '', width] = (isPinned ? text.slice(1) : text).split('~');
  const id = unescaped(name);
  if (!isColumn(id)) return null;
  const pixels = Number(width);
  return { id, isPinned, width: pixels >= NARROWEST && pixels <= WIDEST ? Math.round(pixels) : null };
}

/** The columns as an address has them. */
export function writeColumns(columns: readonly ShownColumn[]): string {
  const one = ({ id, isPinned, width }: ShownColumn) => `${isPinned ? '!' : ''}${escaped(id)}${width === null ? '' : `~${width}`}`;
  return columns.map(one).join(',');
}

// `*` escapes what has a meaning in the list; `%` would be escaped once more by addresses.
const escaped = (text: string) => text.replaceAll(/[*,~!]/g, (sign) => `*${sign.charCodeAt(0).toString(16)}`);
const unescaped = (text: string) => text.replaceAll(/\*([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/** The columns where none were chosen: attributes, and the first few metrics and params. */
export function usualColumns(keys: LoggedKeys, hasSeveralExperiments: boolean): readonly ShownColumn[] {
  const attributes = ['name', 'status', 'started', 'duration', 'user', ...(hasSeveralExperiments ? ['experiment'] : [])];
  const ids = [
    ...attributes.map((key) => `a.${key}`),
    ...keys.m.filter((key) => !key.startsWith('system/')).slice(0, FEW).map((key) => `m.${key}`),
    ...keys.p.slice(0, FEW).map((key) => `p.${key}`),
  ];
  return ids.map((id) => ({ id, isPinned: id === 'a.name', width: null }));
}

const ORDERS: Readonly<Partial<Record<Attribute, string>>> = {
  name: 'run_name',
  status: 'status',
  started: 'start_time',
  user: 'user_id',
  uuid: 'run_id',
};
const PREFIXES = { m: 'metrics', p: 'params', t: 'tags' } as const;

/** The field of the server's order that a column stands for; null: rows cannot be sorted by it. */
export function orderField(id: string): string | null {
  const { group, key } = partsOf(id);
  if (group === 'a') return ATTRIBUTES.map((one) => (one === key ? ORDERS[one] : undefined)).find(Boolean) ?? null;
  return filterKey(group, key);
}

/** A metric, param or tag as filters and orders name it. */
export function filterKey(group: Exclude<ColumnGroup, 'a'>, key: string): string {
  return `${PREFIXES[group]}.\`${key.replaceAll('`', '``')}\``;
}
