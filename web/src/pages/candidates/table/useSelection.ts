import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { TableSearch } from '../../../routes/candidates';
import type { CandidateRow } from './rows';
import type { Navigate } from './useTableState';

/** More do not stand in the address: it would become too long to be sent. */
const MOST_IN_ADDRESS = 50;

/** The candidates that are selected. */
export interface Selection {
  readonly ids: ReadonlySet<string>;
  /** Those of them that were read. */
  readonly rows: readonly CandidateRow[];
  readonly set: (ids: ReadonlySet<string>) => void;
  readonly clear: () => void;
}

/** The selection of an address; a larger one is kept by the page alone. */
export function useSelection({ sel }: TableSearch, navigate: Navigate, rows: readonly CandidateRow[]): Selection {
  // What was chosen here, until the address says something else: addresses follow a click too late for the next one.
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null);
  const listed = sel?.join();
  const written = useRef(listed);
  const byUuid = useMemo(() => (listed === undefined ? null : new Map(rows.map((row) => [row.uuid, row.id]))), [listed, rows]);
  const ofAddress = useMemo(
    () => new Set((listed?.split(',') ?? []).flatMap((uuid) => byUuid?.get(uuid) ?? [])),
    [listed, byUuid],
  );
  useEffect(() => {
    if (listed !== written.current) setChosen(null);
    written.current = listed;
  }, [listed]);
  const ids = chosen ?? ofAddress;
  const set = useCallback(
    (next: ReadonlySet<string>) => {
      const uuids = rows.filter((row) => next.has(row.id)).map((row) => row.uuid);
      const isListed = uuids.length > 0 && uuids.length <= MOST_IN_ADDRESS;
      setChosen(next);
      written.current = isListed ? uuids.join() : undefined;
      navigate({ sel: isListed ? uuids : undefined });
    },
    [rows, navigate],
  );
  const selected = useMemo(() => (ids.size === 0 ? [] : rows.filter((row) => ids.has(row.id))), [ids, rows]);
  return { ids, rows: selected, set, clear: useCallback(() => set(new Set()), [set]) };
}
