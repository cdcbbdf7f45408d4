import { useQuery } from '@tanstack/react-query';
import { query, type Failure } from '../../api';
import { CompareCandidateFilesDocument, CompareVersionFilesDocument, type Json } from '../../api/operations';
import type { Comparison, Row } from './comparison';

/** A file on one side. */
export interface ComparedFile {
  readonly size: number;
  readonly sha256: string;
}

interface Files {
  readonly files: readonly Row<ComparedFile>[];
  readonly signature: readonly Row<Json>[];
  readonly isLoading: boolean;
  readonly failure: Failure | null;
}

const NONE: readonly never[] = [];

/** What files the sides have, and what their models take and give. */
export function useFiles({ kind, sides }: Comparison): Files {
  const ids = sides.map((side) => side.id);
  const ofRuns = useQuery({ ...query(CompareCandidateFilesDocument, { ids }), enabled: kind === 'candidates', staleTime: 60_000 });
  const ofReleases = useQuery({ ...query(CompareVersionFilesDocument, { ids }), enabled: kind === 'versions', staleTime: 60_000 });
  const answer = kind === 'candidates' ? ofRuns.data?.candidatesCompare : ofReleases.data?.modelVersionsCompare;
  const asked = kind === 'candidates' ? ofRuns : ofReleases;
  return { files: answer?.files ?? NONE, signature: answer?.signature ?? NONE, isLoading: asked.isPending, failure: asked.error };
}
