import type { GroupHeader, VirtualColumn, VirtualColumnState } from './types';

/** Pixels. */
export const SELECT_WIDTH = 36;
export const HEAD_HEIGHT = 32;
export const GROUP_HEIGHT = 24;
const USUAL_WIDTH = 140;
const LEAST_WIDTH = 48;
const MOST_WIDTH = 1_200;
/** Columns that stay take at most this part of the window; of a phone's, the first takes less. */
const MOST_PINNED = 0.6;
const PHONE = 600;
const MOST_FIRST = 0.42;

/** A column where it is drawn. */
export interface Placed<Row> {
  readonly column: VirtualColumn<Row>;
  readonly width: number;
  /** From the left edge of the whole table. */
  readonly start: number;
  /** Counted from the left with the column of check boxes, from 0. */
  readonly index: number;
}

export interface Layout<Row> {
  readonly pinned: readonly Placed<Row>[];
  readonly scrolled: readonly Placed<Row>[];
  /** Both, from left to right. */
  readonly all: readonly Placed<Row>[];
  readonly hasSelection: boolean;
  readonly pinnedWidth: number;
  readonly width: number;
}

/** A width within bounds, in whole pixels. */
export function bounded(width: number): number {
  return Math.round(Math.min(Math.max(width, LEAST_WIDTH), MOST_WIDTH));
}

/** All ids in their order, also those that are hidden. */
export function ordered<Row>(columns: readonly VirtualColumn<Row>[], state: VirtualColumnState): string[] {
  const ids = new Set(columns.map((column) => column.id));
  const first = state.order.filter((id) => ids.delete(id));
  return [...first, ...ids];
}

/** Where each column stands; on a narrow screen columns that would stay scroll with the others. */
export function layout<Row>(
  columns: readonly VirtualColumn<Row>[],
  state: VirtualColumnState,
  hasSelection: boolean,
  room: number,
): Layout<Row> {
  const byId = new Map(columns.map((column) => [column.id, column]));
  const widthOf = (column: VirtualColumn<Row>) => bounded(state.widths[column.id] ?? column.width ?? USUAL_WIDTH);
  const shown = ordered(columns, state)
    .filter((id) => !state.hidden.includes(id))
    .map((id) => byId.get(id))
    .filter((column) => column !== undefined);
  const staying = shown.filter((column) => state.pinned.includes(column.id));
  const widthAt = (column: VirtualColumn<Row>, at: number) =>
    room > 0 && room < PHONE && at === 0 && staying.length > 0 ? Math.min(widthOf(column), bounded(room * MOST_FIRST)) : widthOf(column);
  let taken = hasSelection ? SELECT_WIDTH : 0;
  const pinnedCount = staying.filter((column, at) => (taken += widthAt(column, at)) <= room * MOST_PINNED || room === 0).length;
  let start = hasSelection ? SELECT_WIDTH : 0;
  const place = (column: VirtualColumn<Row>, at: number): Placed<Row> => {
    const width = widthAt(column, at);
    const placed = { column, width, start, index: at + (hasSelection ? 1 : 0) };
    start += width;
    return placed;
  };
  const placed = [...staying, ...shown.filter((column) => !staying.includes(column))].map(place);
  // The last one takes what is left of the window: a table ends where its frame does.
  const rest = Math.max(room - start, 0);
  start += rest;
  const all = placed.map((one, at) => (at === placed.length - 1 ? { ...one, width: one.width + rest } : one));
  const pinned = all.slice(0, pinnedCount);
  const scrolled = all.slice(pinnedCount);
  return { pinned, scrolled, all, hasSelection, pinnedWidth: scrolled[0]?.start ?? start, width: start };
}

/** Neighbouring columns under one heading. */
export interface GroupSpan {
  readonly key: string;
  readonly label: string;
  readonly start: number;
  readonly width: number;
  /** Of the first of them. */
  readonly index: number;
  readonly count: number;
}

/** Headings in the order of the columns: one that was moved away from the others of its group has its own. */
export function spans<Row>(placed: readonly Placed<Row>[], groups: readonly GroupHeader[]): GroupSpan[] {
  const labels = new Map(groups.flatMap((group) => group.columns.map((id) => [id, group.label])));
  const found: GroupSpan[] = [];
  for (const one of placed) {
    const label = labels.get(one.column.id) ?? '';
    const last = found.at(-1);
    if (last?.label === label) found[found.length - 1] = { ...last, width: last.width + one.width, count: last.count + 1 };
    else found.push({ key: one.column.id, label, start: one.start, width: one.width, index: one.index, count: 1 });
  }
  return found;
}
