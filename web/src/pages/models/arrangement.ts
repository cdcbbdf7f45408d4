import { useMemo } from 'react';
import type { VirtualColumnState } from '../../ui';

const NONE: VirtualColumnState = { order: [], hidden: [], pinned: [], widths: {} };

/** How the columns of a table are arranged, as it stands in the address: JSON without what is as usual. */
export function useArrangement(
  cols: string | undefined,
  usual: VirtualColumnState,
  show: (cols: string | undefined) => void,
): { readonly columnState: VirtualColumnState; readonly onColumnState: (state: VirtualColumnState) => void } {
  const columnState = useMemo(() => ({ ...usual, ...read(cols) }), [cols, usual]);
  return {
    columnState,
    onColumnState: (state) => {
      const entries = Object.entries(state).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(pick(usual, key)));
      show(entries.length === 0 ? undefined : JSON.stringify(Object.fromEntries(entries)));
    },
  };
}

/** Nothing is arranged: columns in their usual order, the first one stays at the left. */
export function usualArrangement(first: string, hidden: readonly string[] = []): VirtualColumnState {
  return { ...NONE, hidden, pinned: window.matchMedia('(width > 600px)').matches ? [first] : [] };
}

function pick(state: VirtualColumnState, key: string): unknown {
  return new Map<string, unknown>(Object.entries(state)).get(key);
}

/** An address may say anything: what is no list of texts or no map of numbers is left out. */
function read(cols: string | undefined): Partial<VirtualColumnState> {
  let value: unknown;
  try {
    value = JSON.parse(cols ?? '{}');
  } catch {
    return {};
  }
  if (typeof value !== 'object' || value === null) return {};
  const parts = new Map<string, unknown>(Object.entries(value));
  const lists = (['order', 'hidden', 'pinned'] as const).flatMap((key) => {
    const list = parts.get(key);
    return Array.isArray(list) ? [[key, list.map(String)] as const] : [];
  });
  const widths = parts.get('widths');
  const sizes = Object.entries(typeof widths === 'object' && widths !== null ? widths : {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] > 0,
  );
  return { ...Object.fromEntries(lists), ...(sizes.length > 0 ? { widths: Object.fromEntries(sizes) } : {}) };
}
