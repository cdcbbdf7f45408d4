import { change, Refused } from '../../../api';
import { CandidateDeleteDocument, CandidateRestoreDocument, CandidateUpdateDocument } from '../../../api/operations';

/** Requests at the same time: one after the other takes long, all at once is more than a server answers. */
const AT_ONCE = 6;

/** What became of many. */
export interface BulkResult {
  /** The ids of those with which it was done. */
  readonly done: readonly string[];
  readonly refused: number;
  /** Why the first was refused. */
  readonly reason: string | null;
}

async function each(ids: readonly string[], act: (id: string) => Promise<unknown>): Promise<BulkResult> {
  const left = [...ids];
  const done: string[] = [];
  const reasons: string[] = [];
  const worker = async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      try {
        await act(id);
        done.push(id);
      } catch (error) {
        reasons.push(error instanceof Refused || error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { done, refused: reasons.length, reason: reasons[0] ?? null };
}

/** Put candidates into the trash. */
export function deleteAll(ids: readonly string[]): Promise<BulkResult> {
  return each(ids, (id) => change(CandidateDeleteDocument, { input: { candidate: { id } } }));
}

/** Take candidates out of the trash. */
export function restoreAll(ids: readonly string[]): Promise<BulkResult> {
  return each(ids, (id) => change(CandidateRestoreDocument, { input: { candidate: { id } } }));
}

/** Set one tag of candidates; null removes it. */
export function tagAll(ids: readonly string[], key: string, value: string | null): Promise<BulkResult> {
  return each(ids, (id) => change(CandidateUpdateDocument, { input: { candidate: { id }, tags: [{ key, value }] } }));
}
