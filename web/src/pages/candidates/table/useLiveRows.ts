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

/** What events have told of since the last round. */
interface Told {
  readonly changed: Set<string>;
  /** Of whichever experiment of the project; what they are is read in the next round. */
  readonly created: Set<string>;
}

/**
 * Keep rows as they are on the server.
 *
 * @returns How many candidates came to these experiments that the table does not show yet.
 */
export function useLiveRows(project: string, candidates: Candidates, isTrash: boolean): number {
  const told = useRef<Told>({ changed: new Set(), created: new Set() });
  const [created, setCreated] = useState(0);
  const latest = useRef(candidates);
  latest.current = candidates;
  useSubscription(CandidateEventsDocument, { project }, ({ projectEvents: { type, objectId } }) => {
    const { again, patch } = latest.current;
    if (type === 'RESET') again();
    else if (type === 'CANDIDATE_CREATED' || type === 'CANDIDATE_RESTORED') told.current.created.add(objectId);
    else if (type === 'CANDIDATE_DELETED' || (type === 'CANDIDATE_TRASHED' && !isTrash)) patch([], new Set([objectId]));
    else if (type === 'CANDIDATE_UPDATED' || type === 'CANDIDATE_FINISHED') told.current.changed.add(objectId);
  });
  useEffect(() => {
    const round = async () => {
      const count = await readAgain(latest.current, told.current);
      if (count === 0) return;
      if (latest.current.isFirstPageOnly) latest.current.refresh();
      else setCreated((before) => before + count);
    };
    const timer = window.setInterval(() => void round(), EVERY_MILLISECONDS);
    return () => window.clearInterval(timer);
  }, []);
  useEffect(() => setCreated(0), [candidates.firstId]);
  return created;
}

/** Put fresh rows into the table; answers how many were created in its experiments. */
async function readAgain({ rows, experiments, patch }: Candidates, { changed, created }: Told): Promise<number> {
  if (document.hidden) return 0;
  const before = new Map<string, CandidateRow>();
  let running = 0;
  for (const row of rows) {
    const isFollowed = row.status === 'RUNNING' && running < MOST_RUNNING;
    if (isFollowed) running += 1;
    if (isFollowed || changed.has(row.id) || created.has(row.id)) before.set(row.id, row);
  }
  const added = [...created].filter((id) => !before.has(id));
  const ids = [...before.keys(), ...added].slice(0, MOST_IDS);
  changed.clear();
  created.clear();
  if (ids.length === 0) return 0;
  try {
    const { nodes } = await execute(CandidatesByIdDocument, { ids });
    const fresh = nodes.flatMap((node): CandidateRow[] => (node?.__typename === 'Candidate' ? [node] : []));
    const other = fresh.filter((row) => before.has(row.id) && JSON.stringify(row) !== JSON.stringify(before.get(row.id)));
    if (other.length > 0) patch(other, new Set());
    const here = new Set(experiments.map((one) => one.id));
    return fresh.filter((row) => !before.has(row.id) && row.experiment !== null && here.has(row.experiment.id)).length;
  } catch {
    // What could not be read again stays as it was; the next round asks once more.
    for (const id of ids) changed.add(id);
    return 0;
  }
}
