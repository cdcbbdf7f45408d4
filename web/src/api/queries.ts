import {
  infiniteQueryOptions,
  QueryClient,
  queryOptions,
  useInfiniteQuery,
  type UseInfiniteQueryResult,
} from '@tanstack/react-query';
import { useMemo } from 'react';
import { execute } from './execute';
import { asFailure, type Failure } from './failure';
import type { TypedDocument } from './operations';

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: Failure;
  }
}

/** A page of rows with the cursor of the next; the shape of every connection of the schema. */
export interface Connection<Row> {
  readonly nodes: readonly Row[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly totalCount?: number | null;
}

/** All answers of this tab. What a person may retry is retried by them; what was busy is asked for again by itself. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        gcTime: 5 * 60_000,
        refetchOnWindowFocus: true,
        networkMode: 'always',
        retry: (failures, error) => (error.kind === 'busy' || error.kind === 'upgrading') && failures < 4,
        retryDelay: (attempt, error) => (asFailure(error).retryAfter ?? Math.min(2 ** attempt, 10)) * 1_000,
      },
      mutations: { networkMode: 'always' },
    },
  });
}

/** A query for `useQuery`, `prefetchQuery` or `ensureQueryData`; its key begins with the operation's name. */
export function query<Data, Variables>(document: TypedDocument<Data, Variables>, variables: Variables) {
  return queryOptions<Data, Failure, Data, readonly unknown[]>({
    queryKey: [document.name, variables],
    queryFn: ({ signal }) => execute(document, variables, signal),
  });
}

/**
 * A connection read page by page, for lists that grow as they are scrolled.
 *
 * `pick` finds the connection in the answer; null stands for a thing that is not there.
 */
export function pages<Data, Variables extends { after?: string | null | undefined }, Row>(
  document: TypedDocument<Data, Variables>,
  variables: Omit<Variables, 'after'>,
  pick: (data: Data) => Connection<Row> | null | undefined,
) {
  return infiniteQueryOptions({
    queryKey: [document.name, 'pages', variables] as readonly unknown[],
    queryFn: ({ signal, pageParam }) => execute(document, { ...variables, after: pageParam } as Variables, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: Data) => {
      const info = pick(last)?.pageInfo;
      return info?.hasNextPage ? info.endCursor : null;
    },
  });
}

/** What {@link usePages} gives: all rows so far, how many there are in all, and the query itself. */
export interface Pages<Data, Row> {
  readonly rows: readonly Row[];
  /** Null until the server has told it. */
  readonly total: number | null;
  /** The first answer: what it says beside the connection. */
  readonly first: Data | undefined;
  readonly query: UseInfiniteQueryResult<unknown, Failure>;
  /** Ask for the next page, unless one is on its way or there is none. */
  readonly more: () => void;
}

/** The rows of a connection, page after page. */
export function usePages<Data, Variables extends { after?: string | null | undefined }, Row>(
  document: TypedDocument<Data, Variables>,
  variables: Omit<Variables, 'after'>,
  pick: (data: Data) => Connection<Row> | null | undefined,
): Pages<Data, Row> {
  const result = useInfiniteQuery(pages(document, variables, pick));
  const answers = result.data?.pages;
  // `pick` is a new function at each call; what it finds depends on the answers alone.
  const rows = useMemo(() => answers?.flatMap((answer) => pick(answer)?.nodes ?? []) ?? [], [answers]);
  const first = answers?.[0];
  return {
    rows,
    total: (first && pick(first)?.totalCount) ?? null,
    first,
    query: result as UseInfiniteQueryResult<unknown, Failure>,
    more: () => {
      if (result.hasNextPage && !result.isFetchingNextPage) void result.fetchNextPage();
    },
  };
}
