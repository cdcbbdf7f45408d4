import { useCallback, useMemo } from 'react';
import type { TableSearch } from '../../../routes/candidates';
import { present } from '../../../routes/search';
import { readColumns, usualColumns, writeColumns, type LoggedKeys, type ShownColumn } from './columns';

/** Changes what the address says; `undefined` takes a parameter away. */
export type Navigate = (change: { readonly [Key in keyof TableSearch]?: TableSearch[Key] | undefined }) => void;

/** Columns of a table and how to change them. */
export interface TableColumns {
  readonly shown: readonly ShownColumn[];
  readonly isUsual: boolean;
  readonly set: (columns: readonly ShownColumn[]) => void;
  readonly toggle: (id: string) => void;
  readonly pin: (id: string, isPinned: boolean) => void;
  readonly move: (id: string, by: -1 | 1) => void;
  readonly reset: () => void;
}

/** The columns that an address shows, or the usual ones. */
export function useColumns(search: TableSearch, keys: LoggedKeys, hasSeveral: boolean, navigate: Navigate): TableColumns {
  const { cols } = search;
  const usual = useMemo(() => usualColumns(keys, hasSeveral), [keys, hasSeveral]);
  const shown = useMemo(() => readColumns(cols) ?? usual, [cols, usual]);
  const set = useCallback((columns: readonly ShownColumn[]) => navigate({ cols: writeColumns(columns) }), [navigate]);
  return {
    shown,
    isUsual: cols === undefined,
    set,
    toggle: (id) => {
      const without = shown.filter((column) => column.id !== id);
      set(without.length < shown.length ? without : [...shown, { id, isPinned: false, width: null }]);
    },
    pin: (id, isPinned) => set(shown.map((column) => (column.id === id ? { ...column, isPinned } : column))),
    move: (id, by) => {
      const at = shown.findIndex((column) => column.id === id);
      const other = shown[at + by];
      const one = shown[at];
      if (one && other) set(shown.map((column, index) => (index === at ? other : index === at + by ? one : column)));
    },
    reset: () => navigate({ cols: undefined }),
  };
}

/** An address's parameters with a change. */
export function changed<Search extends TableSearch>(search: Search, change: Parameters<Navigate>[0]): Search {
  return present({ ...search, ...change }) as Search;
}
