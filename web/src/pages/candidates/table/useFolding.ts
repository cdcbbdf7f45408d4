import { useQueries } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { query } from '../../../api';
import { CandidateChildrenDocument } from '../../../api/operations';
import type { TableSearch } from '../../../routes/candidates';
import { grouped, nested } from './lines';
import type { CandidateRow, Line } from './rows';
import { isNesting } from './useCandidates';

/** The lines of a table, and what opens and closes them. */
export function useFolding(search: TableSearch, rows: readonly CandidateRow[], isEnded: boolean): { readonly lines: readonly Line[]; readonly fold: (line: Line) => void; readonly nestedRows: readonly CandidateRow[] } {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [closed, setClosed] = useState<ReadonlySet<string | null>>(new Set());
  const openIds = [...open];
  // The children of what is open: at most one question for each parent, when it is opened.
  const answers = useQueries({ queries: openIds.map((id) => query(CandidateChildrenDocument, { id, after: null })) });
  const state = answers.map((answer) => answer.dataUpdatedAt).join();
  const children = useMemo(
    () => new Map(openIds.map((id, index) => [id, answers[index]?.data?.candidate?.children.nodes ?? []])),
    [open, state],
  );
  const { group } = search;
  const isNested = isNesting(search);
  const lines = useMemo(
    () => (group === undefined ? nested(rows, children, { open, closed }, isNested) : grouped(rows, group, closed, isEnded)),
    [group, isNested, rows, children, open, closed, isEnded],
  );
  const fold = useCallback((line: Line) => {
    if (line.kind === 'group') setClosed((before) => toggled(before, line.value));
    else setOpen((before) => toggled(before, line.row.id));
  }, []);
  const nestedRows = useMemo(() => [...children.values()].flat(), [children]);
  return { lines, fold, nestedRows };
}

function toggled<Value>(before: ReadonlySet<Value>, value: Value): ReadonlySet<Value> {
  const after = new Set(before);
  if (!after.delete(value)) after.add(value);
  return after;
}
