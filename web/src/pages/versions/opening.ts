import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import { execute, pages, query } from '../../api';
import {
  VersionActivityDocument,
  VersionEvaluationsDocument,
  VersionHeadActivityDocument,
  VersionHeadDocument,
  VersionHeadEvaluationsDocument,
  VersionHeadLineageDocument,
  VersionLineageDocument,
  type VersionActivityQuery,
  type VersionEvaluationsQuery,
  type VersionHeadQuery,
  type VersionLineageQuery,
} from '../../api/operations';
import type { VERSION_TABS } from '../../routes/models';
import { keepFirstFiles } from '../artifacts/tree/first_files';

interface Shown {
  readonly project: string;
  readonly model: string;
  readonly reference: string;
}

/** The head of a version. When it is first read, it brings what the open tab shows, so that a page asks once. */
export function versionHead(queries: QueryClient, shown: Shown, tab?: (typeof VERSION_TABS)[number]) {
  const key = [VersionHeadDocument.name, shown] as const;
  return {
    queryKey: key,
    queryFn: async ({ signal }: { readonly signal: AbortSignal }) => {
      const isFirst = queries.getQueryData(key) === undefined;
      const data = await (isFirst ? withTab(queries, shown, tab, signal) : execute(VersionHeadDocument, shown, signal));
      if (data.modelVersion !== null) {
        const { id, scanned, artifactFolder } = data.modelVersion;
        keepFirstFiles(queries, { kind: 'modelVersion', id }, scanned, artifactFolder);
      }
      return data;
    },
  };
}

async function withTab(
  queries: QueryClient,
  shown: Shown,
  tab: (typeof VERSION_TABS)[number] | undefined,
  signal: AbortSignal,
): Promise<VersionHeadQuery> {
  if (tab === 'lineage') {
    const data = await execute(VersionHeadLineageDocument, shown, signal);
    if (data.modelVersion !== null) {
      const { __typename, id, version, model, upstream, downstream } = data.modelVersion;
      const lineage: VersionLineageQuery = { modelVersion: { __typename, id, version, model, upstream, downstream } };
      queries.setQueryData(query(VersionLineageDocument, { ...shown, reference: version }).queryKey, lineage);
    }
    return data;
  }
  if (tab === 'evaluations') {
    const data = await execute(VersionHeadEvaluationsDocument, shown, signal);
    if (data.modelVersion !== null) {
      const { __typename, id, tried } = data.modelVersion;
      const first: VersionEvaluationsQuery = { modelVersion: { __typename, id, evaluations: tried } };
      queries.setQueryData<InfiniteData<VersionEvaluationsQuery, string | null>>(
        pages(VersionEvaluationsDocument, { id }, (answer) => answer.modelVersion?.evaluations).queryKey,
        { pages: [first], pageParams: [null] },
      );
    }
    return data;
  }
  if (tab === 'activity') {
    const data = await execute(VersionHeadActivityDocument, shown, signal);
    if (data.modelVersion !== null) {
      const happened: VersionActivityQuery = { modelVersion: data.modelVersion };
      queries.setQueryData(query(VersionActivityDocument, { id: data.modelVersion.id }).queryKey, happened);
    }
    return data;
  }
  return execute(VersionHeadDocument, shown, signal);
}
