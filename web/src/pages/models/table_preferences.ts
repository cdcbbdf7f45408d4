import { useState } from 'react';
import type { ColumnState } from '../../ui';

const NONE: ColumnState = { order: [], hidden: [], pinned: [], widths: {} };

/** How a person has arranged the columns of a table: kept in this browser under `name`. */
export function useTablePreferences(name: string): {
  readonly columnState: ColumnState;
  readonly onColumnState: (state: ColumnState) => void;
} {
  const key = `modelyard.columns.${name}`;
  const [kept, setKept] = useState<Readonly<Record<string, ColumnState>>>({});
  const columnState = kept[key] ?? stored(key) ?? NONE;
  return {
    columnState,
    onColumnState: (state) => {
      setKept((all) => ({ ...all, [key]: state }));
      localStorage.setItem(key, JSON.stringify(state));
    },
  };
}

function stored(key: string): ColumnState | null {
  try {
    const value = JSON.parse(localStorage.getItem(key) ?? 'null') as Partial<ColumnState> | null;
    return value && { ...NONE, ...value };
  } catch {
    // Not ours, or cut off: as if nothing was kept.
    return null;
  }
}
