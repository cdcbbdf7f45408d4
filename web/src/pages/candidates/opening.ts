import type { QueryClient } from '@tanstack/react-query';
import { execute } from '../../api';
import { CandidateDocument } from '../../api/operations';
import { keepFirstFiles } from '../artifacts/tree/first_files';

/** A candidate. When it is first read with its files open, it brings the first of them, so that a page asks once. */
export function candidateDetails(queries: QueryClient, project: string, uuid: string, tab: string) {
  const key = [CandidateDocument.name, { project, uuid }] as const;
  return {
    queryKey: key,
    queryFn: async ({ signal }: { readonly signal: AbortSignal }) => {
      const withFiles = tab === 'artifacts' && queries.getQueryData(key) === undefined;
      const data = await execute(CandidateDocument, { project, uuid, withFiles }, signal);
      if (data.candidate?.artifacts) keepFirstFiles(queries, { kind: 'candidate', id: data.candidate.id }, data.candidate.artifacts);
      return data;
    },
  };
}
