import { useCallback, useEffect, useMemo, useState } from 'react';
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
  const [many, setMany] = useState<ReadonlySet<string> | null>(null);
  const listed = sel?.join();
  const byUuid = useMemo(() => new Map(rows.map((row) => [row.uuid, row])), [rows]);
  const ofAddress = useMemo(
    () => new Set((listed?.split(',') ?? []).flatMap((uuid) => byUuid.get(uuid)?.id ?? [])),
    [listed, byUuid],
  );
  const ids = many ?? ofAddress;
  useEffect(() => {
    if (listed !== undefined) setMany(null);
  }, [listed]);
  const set = useCallback(
    (next: ReadonlySet<string>) => {
      const candidates = new Set([...next].filter((id) => !id.startsWith('group:')));
      const chosen = rows.filter((row) => candidates.has(row.id));
      const isLarge = chosen.length > MOST_IN_ADDRESS;
      setMany(isLarge ? candidates : null);
      navigate({ sel: isLarge || chosen.length === 0 ? undefined : chosen.map((row) => row.uuid) });
    },
    [rows, navigate],
  );
  const selected = useMemo(() => (ids.size === 0 ? [] : rows.filter((row) => ids.has(row.id))), [ids, rows]);
  return { ids, rows: selected, set, clear: useCallback(() => set(new Set()), [set]) };
}
