import { useInfiniteQuery } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useMemo } from 'react';
import { execute, Failure } from '../../../api';
import {
  FilesOfCandidateDocument,
  FilesOfLoggedModelDocument,
  FilesOfVersionDocument,
  type FileRowFragment,
} from '../../../api/operations';
import type { FileOwner } from '../owner';
import { filesKey, type FilesPage } from './first_files';

/** Beyond this many the rest is read only when a person asks for it. */
const UNASKED = 20_000;

/** A file as the list shows it. */
export type FileRow = FileRowFragment;

async function page(owner: FileOwner, after: string | null, signal: AbortSignal): Promise<FilesPage> {
  const variables = { owner: owner.id, after };
  const gone = () => new Failure('notFound', '', 'NOT_FOUND');
  if (owner.kind === 'modelVersion') {
    const { modelVersion } = await execute(FilesOfVersionDocument, variables, signal);
    if (!modelVersion) throw gone();
    return { ...modelVersion.artifacts, folder: modelVersion.artifactFolder };
  }
  const data =
    owner.kind === 'candidate'
      ? (await execute(FilesOfCandidateDocument, variables, signal)).candidate
      : (await execute(FilesOfLoggedModelDocument, variables, signal)).loggedModel;
  if (!data) throw gone();
  return { ...data.artifacts, folder: '' };
}

/** The files of an owner, growing page by page until all are there. */
export function useFiles(owner: FileOwner) {
  const query = useInfiniteQuery({
    queryKey: filesKey(owner),
    queryFn: ({ signal, pageParam }) => page(owner, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: FilesPage) => (last.pageInfo.hasNextPage ? last.pageInfo.endCursor : null),
    // Reading thousands again with each look at the tab would be a burden; what changes files says so.
    staleTime: 60_000,
    refetchOnWindowFocus: ({ state }) => (state.data?.pages.length ?? 0) < 3,
  });
  const pages = useDeferredValue(query.data?.pages);
  const files = useMemo(() => pages?.flatMap(({ nodes }) => nodes) ?? [], [pages]);
  const { hasNextPage, isFetching, isError, fetchNextPage } = query;
  const isDue = hasNextPage && !isFetching && !isError && files.length < UNASKED;
  useEffect(() => {
    if (isDue) void fetchNextPage();
  }, [isDue, fetchNextPage]);
  return {
    files,
    folder: query.data?.pages[0]?.folder ?? '',
    /** Whether more files follow than `files` has. */
    isGrowing: hasNextPage,
    more: () => void fetchNextPage(),
    isPending: query.isPending,
    failure: query.error,
    retry: () => void query.refetch(),
  };
}
