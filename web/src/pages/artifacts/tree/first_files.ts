import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { FilePageFragment, FileRowFragment } from '../../../api/operations';
import type { FileOwner } from '../owner';

/** What all lists of files are known by to those who change files; see `useSending`. */
export const FILES = 'Files';

/** A page of the files of an owner. */
export interface FilesPage {
  readonly nodes: readonly FileRowFragment[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  /** The folder below which the files of a version are. */
  readonly folder: string;
}

/** How the list of an owner's files is kept. */
export function filesKey(owner: FileOwner): readonly unknown[] {
  return [FILES, owner.kind, owner.id];
}

/** Keep files that came with their owner as the beginning of its list, unless the list is there. */
export function keepFirstFiles(queries: QueryClient, owner: FileOwner, files: FilePageFragment, folder = ''): void {
  if (queries.getQueryState(filesKey(owner)) !== undefined) return;
  const { nodes, pageInfo } = files;
  queries.setQueryData<InfiniteData<FilesPage, string | null>>(filesKey(owner), {
    pages: [{ nodes, pageInfo, folder }],
    pageParams: [null],
  });
}
