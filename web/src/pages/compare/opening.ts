import type { QueryClient } from '@tanstack/react-query';
import { execute, query } from '../../api';
import { CompareCandidateFilesDocument, CompareCandidatesDocument, type CompareCandidateFilesQuery } from '../../api/operations';
import type { COMPARE_TABS } from '../../routes/compare';

/** What is compared of candidates. When it is first read with the files open, it brings these, so that a page asks once. */
export function comparedCandidates(queries: QueryClient, ids: readonly string[], tab?: (typeof COMPARE_TABS)[number]) {
  const key = [CompareCandidatesDocument.name, { ids }] as const;
  return {
    queryKey: key,
    queryFn: async ({ signal }: { readonly signal: AbortSignal }) => {
      const withFiles = tab === 'files' && queries.getQueryData(key) === undefined;
      const data = await execute(CompareCandidatesDocument, { ids: [...ids], withFiles }, signal);
      if (data.candidatesCompare?.files && data.candidatesCompare.signature) {
        const { __typename, sides, files, signature } = data.candidatesCompare;
        const first: CompareCandidateFilesQuery = { candidatesCompare: { __typename, files, signature } };
        queries.setQueryData(query(CompareCandidateFilesDocument, { ids: sides.map((side) => side.id) }).queryKey, first);
      }
      return data;
    },
  };
}
