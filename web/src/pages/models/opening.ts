import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import { execute, pages, query, type VariablesOf } from '../../api';
import {
  ModelActivityDocument,
  ModelCandidatesDocument,
  ModelHeadDocument,
  ModelHeadLineageDocument,
  ModelPerformanceDocument,
  ModelVersionsDocument,
  VersionLineageDocument,
  type ModelActivityQuery,
  type ModelCandidatesQuery,
  type ModelHeadQuery,
  type ModelPerformanceQuery,
  type ModelVersionsQuery,
  type VersionLineageQuery,
} from '../../api/operations';
import type { MODEL_TABS } from '../../routes/models';
import { sortFrom } from './sorting';

/** What stands in the address of a model's page, as far as its first request depends on it. */
export interface Opening {
  readonly tab?: (typeof MODEL_TABS)[number] | undefined;
  readonly q?: string | undefined;
  readonly sort?: string | undefined;
  readonly view?: 'deleted' | undefined;
  /** Whose lineage is shown; that of the latest when left out. */
  readonly version?: string | undefined;
}

/** Which versions of a model a page lists. */
export function listedVersions(project: string, model: string, { q, sort, view }: Opening) {
  const { column, direction } = sortFrom(sort ?? '-version');
  return {
    project,
    model,
    search: q ?? '',
    view: view === 'deleted' ? ('DELETED' as const) : ('ACTIVE' as const),
    orderBy: {
      field: column === 'created' ? ('CREATED_AT' as const) : ('PRECEDENCE' as const),
      direction: direction === 'desc' ? ('DESC' as const) : ('ASC' as const),
    },
  } satisfies Omit<VariablesOf<typeof ModelVersionsDocument>, 'after'>;
}

/** The head of a model. When it is first read, it brings the first rows of the open tab, so that a page asks once. */
export function modelHead(queries: QueryClient, project: string, model: string, opening: Opening) {
  const variables = listedVersions(project, model, opening);
  const listed = pages(ModelVersionsDocument, variables, (data) => data.model?.versions).queryKey;
  const tried = pages(ModelCandidatesDocument, { project, model }, (data) => data.model?.candidates).queryKey;
  const measured = query(ModelPerformanceDocument, { project, model }).queryKey;
  const happened = query(ModelActivityDocument, { project, model }).queryKey;
  const opens = (tab: Opening['tab'], key: readonly unknown[]) =>
    opening.tab === tab && queries.getQueryState(key) === undefined;
  const key = [ModelHeadDocument.name, { project, model }] as const;
  return {
    queryKey: key,
    queryFn: async ({ signal }: { readonly signal: AbortSignal }) => {
      const isFirst = queries.getQueryData(key) === undefined;
      if (isFirst && opening.tab === 'lineage') return withLineage(queries, project, model, opening, signal);
      const data = await execute(
        ModelHeadDocument,
        {
          ...variables,
          withVersions: opens('versions', listed),
          withCandidates: opens('candidates', tried),
          withPerformance: opens('performance', measured),
          withActivity: opens('activity', happened),
        },
        signal,
      );
      if (data.model === null) return data;
      const { __typename, id } = data.model;
      if (data.model.listed) {
        const first: ModelVersionsQuery = { model: { __typename, id, versions: data.model.listed } };
        queries.setQueryData<InfiniteData<ModelVersionsQuery, string | null>>(listed, { pages: [first], pageParams: [null] });
      }
      if (data.model.tried) {
        const first: ModelCandidatesQuery = { model: { __typename, id, candidates: data.model.tried } };
        queries.setQueryData<InfiniteData<ModelCandidatesQuery, string | null>>(tried, { pages: [first], pageParams: [null] });
      }
      if (data.model.measured) {
        const first: ModelPerformanceQuery = { model: { __typename, id, versions: data.model.measured } };
        queries.setQueryData(measured, first);
      }
      const { createdAt, createdBy, stageHistory, since } = data.model;
      if (data.model.happened && stageHistory && since) {
        const versions = data.model.happened;
        const first: ModelActivityQuery = {
          model: { __typename, id, createdAt, createdBy, versions, stageHistory, aliases: since },
        };
        queries.setQueryData(happened, first);
      }
      return data;
    },
  };
}

async function withLineage(
  queries: QueryClient,
  project: string,
  model: string,
  { version }: Opening,
  signal: AbortSignal,
): Promise<ModelHeadQuery> {
  const data = await execute(ModelHeadLineageDocument, { project, model, reference: version ?? 'latest' }, signal);
  if (data.modelVersion !== null) {
    const lineage: VersionLineageQuery = { modelVersion: data.modelVersion };
    queries.setQueryData(query(VersionLineageDocument, { project, model, reference: data.modelVersion.version }).queryKey, lineage);
  }
  return data;
}
