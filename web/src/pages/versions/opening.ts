import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import { execute, pages, query } from '../../api';
import {
  VersionEvaluationsDocument,
  VersionHeadDocument,
  VersionLineageDocument,
  type VersionEvaluationsQuery,
  type VersionLineageQuery,
} from '../../api/operations';
import type { VERSION_TABS } from '../../routes/models';

/** The head of a version. When it is first read, it brings what the open tab shows, so that a page asks once. */
export function versionHead(
  queries: QueryClient,
  { project, model, reference }: { readonly project: string; readonly model: string; readonly reference: string },
  tab?: (typeof VERSION_TABS)[number],
) {
  const key = [VersionHeadDocument.name, { project, model, reference }] as const;
  return {
    queryKey: key,
    queryFn: async ({ signal }: { readonly signal: AbortSignal }) => {
      const isFirst = queries.getQueryData(key) === undefined;
      const data = await execute(
        VersionHeadDocument,
        { project, model, reference, withLineage: isFirst && tab === 'lineage', withEvaluations: isFirst && tab === 'evaluations' },
        signal,
      );
      if (data.modelVersion === null) return data;
      const { __typename, id, version, upstream, downstream, tried } = data.modelVersion;
      if (upstream && downstream) {
        const lineage: VersionLineageQuery = {
          modelVersion: { __typename, id, version, model: data.modelVersion.model, upstream, downstream },
        };
        queries.setQueryData(query(VersionLineageDocument, { project, model, reference: version }).queryKey, lineage);
      }
      if (tried) {
        const first: VersionEvaluationsQuery = { modelVersion: { __typename, id, evaluations: tried } };
        queries.setQueryData<InfiniteData<VersionEvaluationsQuery, string | null>>(
          pages(VersionEvaluationsDocument, { id }, (answer) => answer.modelVersion?.evaluations).queryKey,
          { pages: [first], pageParams: [null] },
        );
      }
      return data;
    },
  };
}
