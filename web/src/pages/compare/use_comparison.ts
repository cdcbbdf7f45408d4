import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Failure, query, useLive } from '../../api';
import {
  CompareEventsDocument,
  CompareVersionIdsDocument,
  CompareVersionsDocument,
} from '../../api/operations';
import type { CompareSearch } from '../../routes/compare';
import { useCurrent } from '../../shell/current';
import { ofCandidates, ofVersions, type Comparison } from './comparison';
import { comparedCandidates } from './opening';
import { candidateId, isUuid, listed, versionPath } from './references';

const LIVE_MILLISECONDS = 3_000;

/** What a comparison's address means: the sides, or why there are none. */
export interface Compared {
  readonly comparison: Comparison | undefined;
  readonly isLoading: boolean;
  readonly failure: Failure | null;
  readonly retry: () => void;
  /** How many sides the address names. */
  readonly count: number;
}

/** The sides that an address names, side by side; read again while one of them runs. */
export function useComparison(project: string, search: CompareSearch): Compared {
  const candidates = useCandidateIds(listed(search.candidates));
  const versions = useVersionIds(project, listed(search.versions));
  const isVersions = search.candidates === undefined && search.versions !== undefined;
  const ids = isVersions ? versions : candidates;
  const isReady = ids.values !== undefined && ids.values.length > 1;
  const ofRuns = useQuery({
    ...comparedCandidates(useQueryClient(), ids.values ?? [], search.tab),
    enabled: isReady && !isVersions,
    refetchInterval: ({ state }) => (state.data?.candidatesCompare?.sides.some((side) => side.status === 'RUNNING') ? LIVE_MILLISECONDS : false),
  });
  const ofReleases = useQuery({ ...query(CompareVersionsDocument, { ids: [...(ids.values ?? [])] }), enabled: isReady && isVersions });
  const shown = new Set(ofRuns.data?.candidatesCompare?.sides.map((side) => side.id));
  useLive(CompareEventsDocument, isVersions ? null : { project }, ['CompareCandidates', 'CompareCurves'], (data) => shown.has(data.projectEvents.objectId));
  const runs = ofRuns.data?.candidatesCompare;
  const releases = ofReleases.data?.modelVersionsCompare;
  const comparison = useMemo(
    () => (isVersions ? releases && ofVersions(releases) : runs && ofCandidates(runs)) ?? undefined,
    [isVersions, releases, runs],
  );
  const asked = isVersions ? ofReleases : ofRuns;
  return {
    comparison,
    isLoading: comparison === undefined && (ids.isLoading || (isReady && asked.isPending)),
    failure: ids.failure ?? asked.error,
    retry: () => void asked.refetch(),
    count: listed(isVersions ? search.versions : search.candidates).length,
  };
}

/** A project that is not there has no candidates. */
const MISSING = new Failure('notFound', '');

interface Ids {
  readonly values: readonly string[] | undefined;
  readonly isLoading: boolean;
  readonly failure: Failure | null;
}

/** UUIDs take the number of their project to become ids. */
function useCandidateIds(references: readonly string[]): Ids {
  const needsNumber = references.some(isUuid);
  const { isKnown, project } = useCurrent();
  const number = project?.number;
  const values = !needsNumber || number !== undefined ? references.map((one) => candidateId(one, number ?? 0)) : undefined;
  const failure = needsNumber && isKnown && project === null ? MISSING : null;
  return { values, isLoading: needsNumber && !isKnown, failure };
}

function useVersionIds(project: string, references: readonly string[]): Ids {
  const paths = references.map(versionPath);
  const results = useQueries({
    queries: paths.map((path) => ({
      ...query(CompareVersionIdsDocument, { by: { path: { project, model: path?.model ?? '', reference: path?.reference ?? '' } } }),
      enabled: path !== null,
      staleTime: Number.POSITIVE_INFINITY,
    })),
  });
  const isLoading = results.some((result, index) => paths[index] !== null && result.isPending);
  const ids = references.map((reference, index) => (paths[index] === null ? reference : results[index]?.data?.modelVersion?.id));
  const values = isLoading ? undefined : ids.filter((id) => id !== undefined);
  return { values, isLoading, failure: results.find((result) => result.error)?.error ?? null };
}
