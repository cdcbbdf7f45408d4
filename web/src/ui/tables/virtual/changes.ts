import { bounded, ordered, type Layout } from './layout';
import type { VirtualColumn, VirtualColumnState } from './types';

/** On which side of another column. */
export type Side = 'before' | 'after';

/** A column beside another one: with those that stay, if that does. */
export function moved<Row>(
  columns: readonly VirtualColumn<Row>[],
  state: VirtualColumnState,
  id: string,
  target: string,
  side: Side,
): VirtualColumnState {
  if (id === target) return state;
  const order = ordered(columns, state).filter((one) => one !== id);
  order.splice(order.indexOf(target) + (side === 'after' ? 1 : 0), 0, id);
  const others = state.pinned.filter((one) => one !== id);
  return { ...state, order, pinned: state.pinned.includes(target) ? [...others, id] : others };
}

/** A column one step to the left or right. */
export function stepped<Row>(
  columns: readonly VirtualColumn<Row>[],
  state: VirtualColumnState,
  { all }: Layout<Row>,
  id: string,
  step: -1 | 1,
): VirtualColumnState {
  const neighbour = all[all.findIndex((placed) => placed.column.id === id) + step];
  return neighbour ? moved(columns, state, id, neighbour.column.id, step < 0 ? 'before' : 'after') : state;
}

export function pinned(state: VirtualColumnState, id: string, stays: boolean): VirtualColumnState {
  const others = state.pinned.filter((one) => one !== id);
  return { ...state, pinned: stays ? [...others, id] : others };
}

export function hidden(state: VirtualColumnState, id: string): VirtualColumnState {
  return { ...state, hidden: [...state.hidden, id] };
}

/** Another width; null for the usual one. */
export function resized(state: VirtualColumnState, id: string, width: number | null): VirtualColumnState {
  const { [id]: _, ...widths } = state.widths;
  return { ...state, widths: width === null ? widths : { ...widths, [id]: bounded(width) } };
}
