import { useEffect, useRef, useState } from 'react';
import { execute, useSubscription } from '../../../api';
import { CandidateEventsDocument, CandidatesByIdDocument } from '../../../api/operations';
import type { CandidateRow } from './rows';
import type { Candidates } from './useCandidates';

/** How often rows are read again that changed, and those that run, whose metrics tell of no event. */
const EVERY_MILLISECONDS = 3_000;
/** Of running candidates, those that stand first: what is looked at. */
const MOST_RUNNING = 40;
const MOST_IDS = 100;

/**
 * Keep rows as they are on the server.
 *
 * @returns How many candidates were created since the table was read.
 */
export function useLiveRows(project: string, candidates: Candidates, isTrash: boolean): number {
  const changed = useRef(new Set<string>());
  const [created, setCreated] = useState(0);
  const latest = useRef(candidates);
  latest.current = candidates;
  useSubscription(CandidateEventsDocument, { project }, ({ projectEvents: { type, objectId } }) => {
    const { isFirstPageOnly, again, patch } = latest.current;
    if (type === 'RESET') again();
    else if (type === 'CANDIDATE_CREATED' || type === 'CANDIDATE_RESTORED') {
      if (isFirstPageOnly) window.setTimeout(again, 300);
      else setCreated((count) => count + 1);
    } else if (type === 'CANDIDATE_DELETED' || (type === 'CANDIDATE_TRASHED' && !isTrash)) patch([], new Set([objectId]));
    else if (type === 'CANDIDATE_UPDATED' || type === 'CANDIDATE_FINISHED') changed.current.add(objectId);
  });
  useEffect(() => {
    const timer = window.setInterval(() => void readAgain(latest.current, changed.current), EVERY_MILLISECONDS);
    return () => window.clearInterval(timer);
  }, []);
  useEffect(() => {
    if (candidates.isFirstPageOnly) setCreated(0);
  }, [candidates.isFirstPageOnly]);
  return created;
}

async function readAgain({ rows, patch }: Candidates, changed: Set<string>): Promise<void> {
  if (document.hidden || rows.length === 0) return;
  const there = new Set(rows.map((row) => row.id));
  const running = rows.filter((row) => row.status === 'RUNNING').slice(0, MOST_RUNNING).map((row) => row.id);
  const ids = [...new Set([...[...changed].filter((id) => there.has(id)), ...running])].slice(0, MOST_IDS);
  changed.clear();
  if (ids.length === 0) return;
  try {
    const { nodes } = await execute(CandidatesByIdDocument, { ids });
    const before = new Map(rows.map((row) => [row.id, row]));
    const fresh = nodes.flatMap((node): CandidateRow[] => (node?.__typename === 'Candidate' ? [node] : []));
    const other = fresh.filter((row) => JSON.stringify(row) !== JSON.stringify(before.get(row.id)));
    if (other.length > 0) patch(other, new Set());
  } catch {
    // What could not be read again stays as it was; the next round asks once more.
    for (const id of ids) changed.add(id);
  }
}
