import { infiniteQueryOptions, useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { execute, globalId, query, type Failure } from '../../../api';
import { CandidatesDocument, ShellDocument, type CandidatesQuery } from '../../../api/operations';
import type { TableSearch } from '../../../routes/candidates';
import { filterKey, orderField } from './columns';
import type { CandidateRow } from './rows';

/** Rows that are read at once, and those that are read ahead of the last that is shown. */
const FIRST_ROWS = 200;
const AHEAD = 400;

type Experiment = Extract<NonNullable<NonNullable<CandidatesQuery['experiments']>[number]>, { __typename: 'Experiment' }>;

/** What is asked of the server for a table. */
export interface TableRequest {
  readonly filter: string;
  readonly orderBy: { readonly field: string; readonly direction: 'ASC' | 'DESC' }[] | null;
  readonly view: 'ACTIVE' | 'DELETED';
}

/** Whether children stand below their parents: in a whole table, whose rows are neither filtered nor grouped. */
export function isNesting(search: TableSearch): boolean {
  return search.flat === undefined && search.f === undefined && search.group === undefined && search.view === undefined;
}

/** The request for what an address shows. */
export function requestOf(search: TableSearch): TableRequest {
  const orders = [search.group, search.sort].filter((one) => one !== undefined).map(orderOf).filter((one) => one !== null);
  return {
    filter: search.f ?? (isNesting(search) ? `${filterKey('t', 'mlflow.parentRunId')} IS NULL` : ''),
    orderBy: orders.length > 0 ? orders : null,
    view: search.view === 'deleted' ? 'DELETED' : 'ACTIVE',
  };
}

function orderOf(text: string) {
  const isDown = text.startsWith('-');
  const field = orderField(isDown ? text.slice(1) : text);
  return field === null ? null : { field, direction: isDown ? ('DESC' as const) : ('ASC' as const) };
}

/** The experiments of a table by their ids; null while the project's number is not known. */
export function useExperimentIds(project: string, numbers: readonly number[]): { readonly ids: readonly string[] | null; readonly failure: Failure | null; readonly isMissing: boolean } {
  // What the shell asks for anyway, by the same key: no request of its own.
  const head = useQuery(query(ShellDocument, { project, isProject: true }));
  const number = head.data?.project?.number;
  const listed = numbers.join();
  const ids = useMemo(
    () => (number === undefined ? null : listed.split(',').filter(Boolean).map((one) => globalId('Experiment', number, one))),
    [number, listed],
  );
  return { ids, failure: head.error, isMissing: head.data?.project === null };
}

/** What a table shows. */
export interface Candidates {
  readonly rows: readonly CandidateRow[];
  readonly experiments: readonly Experiment[];
  readonly canWrite: boolean;
  readonly hasMore: boolean;
  readonly isFirstPageOnly: boolean;
  readonly isLoading: boolean;
  readonly isLoadingMore: boolean;
  readonly failure: Failure | null;
  readonly more: () => void;
  /** Begin anew, with the first page. */
  readonly again: () => void;
  /** Read again what is shown, which stays until then. */
  readonly refresh: () => void;
  /** The first row: another one after the table was read anew. */
  readonly firstId: string | undefined;
  /** Put rows in the stead of older ones of the same id, and leave those out that are gone. */
  readonly patch: (rows: readonly CandidateRow[], gone: ReadonlySet<string>) => void;
}

function options(project: string, ids: readonly string[], request: TableRequest) {
  return infiniteQueryOptions({
    queryKey: [CandidatesDocument.name, 'pages', project, ids, request] as readonly unknown[],
    queryFn: ({ signal, pageParam }) =>
      execute(
        CandidatesDocument,
        { project, experiments: [...ids], ...request, after: pageParam, isFirst: pageParam === null },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last: CandidatesQuery) => {
      const info = last.project?.candidateSearch.pageInfo;
      return info?.hasNextPage ? info.endCursor : null;
    },
    // A table may have hundreds of pages: events say which rows to read again, instead of all of them now and then.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
}

/** The candidates of some experiments, page after page. */
export function useCandidates(project: string, ids: readonly string[] | null, request: TableRequest): Candidates {
  const client = useQueryClient();
  const asked = useMemo(() => options(project, ids ?? [], request), [project, ids, JSON.stringify(request)]);
  const result = useInfiniteQuery({ ...asked, enabled: ids !== null && ids.length > 0 });
  const pages = result.data?.pages;
  const rows = useMemo(() => pages?.flatMap((page) => page.project?.candidateSearch.nodes ?? []) ?? [], [pages]);
  const experiments = useMemo(() => pages?.[0]?.experiments?.flatMap((one) => (one?.__typename === 'Experiment' ? [one] : [])) ?? [], [pages]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = result;
  const count = pages?.length ?? 0;
  // Pages come one after the other, so some are read before they are scrolled to; the second while the first is looked at.
  const [goal, setGoal] = useState({ of: asked, rows: FIRST_ROWS });
  const wanted = goal.of === asked ? goal.rows : FIRST_ROWS;
  const isShort = count > 0 && rows.length < wanted && hasNextPage && !isFetchingNextPage && !result.isFetchNextPageError;
  useEffect(() => {
    if (isShort) void fetchNextPage();
  }, [isShort, rows.length, fetchNextPage]);
  const patch = useCallback(
    (fresh: readonly CandidateRow[], gone: ReadonlySet<string>) => {
      client.setQueryData<InfiniteData<CandidatesQuery, string | null>>(asked.queryKey, (data) => data && patched(data, fresh, gone));
    },
    [client, asked],
  );
  return {
    rows,
    experiments,
    canWrite: pages?.[0]?.project?.viewerCanWriteCandidates ?? false,
    hasMore: hasNextPage,
    isFirstPageOnly: count <= 1,
    isLoading: result.isPending,
    isLoadingMore: isFetchingNextPage,
    failure: result.error,
    more: useCallback(() => setGoal({ of: asked, rows: rows.length + AHEAD }), [asked, rows.length]),
    again: () => void client.resetQueries({ queryKey: asked.queryKey, exact: true }),
    refresh: () => void client.invalidateQueries({ queryKey: asked.queryKey, exact: true }),
    firstId: pages?.[0]?.project?.candidateSearch.nodes[0]?.id,
    patch,
  };
}

function patched(
  data: InfiniteData<CandidatesQuery, string | null>,
  fresh: readonly CandidateRow[],
  gone: ReadonlySet<string>,
): InfiniteData<CandidatesQuery, string | null> {
  const byId = new Map(fresh.map((row) => [row.id, row]));
  const isTouched = (row: CandidateRow) => byId.has(row.id) || gone.has(row.id);
  const pages = data.pages.map((page) => {
    const search = page.project?.candidateSearch;
    if (!page.project || !search?.nodes.some(isTouched)) return page;
    const nodes = search.nodes.filter((row) => !gone.has(row.id)).map((row) => byId.get(row.id) ?? row);
    return { ...page, project: { ...page.project, candidateSearch: { ...search, nodes } } };
  });
  return { ...data, pages };
}
