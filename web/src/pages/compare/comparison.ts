import { realNumber } from '../../charts';
import type { CandidateStatus, CompareCandidatesQuery, CompareVersionsQuery, ModelVersionStatus, RealNumber } from '../../api/operations';

/** A candidate or version among others. */
export interface Side {
  /** The global id. */
  readonly id: string;
  readonly name: string;
  readonly status: CandidateStatus | ModelVersionStatus;
  /** The candidate whose curves it has; null when those may not be seen. */
  readonly candidateId: string | null;
  /** Where its own files begin. */
  readonly folder: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly who: string;
  /** The experiment or model. */
  readonly home: string;
  /** Of candidates the UUID, of versions what names them in addresses. */
  readonly reference: string;
}

/** A key with one value a side; null: the side has none. */
export interface Row<Value> {
  readonly key: string;
  readonly values: readonly (Value | null)[];
  readonly differs: boolean;
}

/** The last state of a metric. */
export interface LastValue {
  readonly value: number;
  readonly step: number;
}

/** Several candidates or versions side by side, whichever they are. */
export interface Comparison {
  readonly kind: 'candidates' | 'versions';
  readonly sides: readonly Side[];
  readonly params: readonly Row<string>[];
  readonly metrics: readonly Row<LastValue>[];
  readonly tags: readonly Row<string>[];
}

type Candidates = NonNullable<CompareCandidatesQuery['candidatesCompare']>;
type Versions = NonNullable<CompareVersionsQuery['modelVersionsCompare']>;

interface Metrics {
  readonly key: string;
  readonly values: readonly ({ readonly value: RealNumber; readonly step: number } | null)[];
  readonly differs: boolean;
}

/** The comparison of an answer about candidates. */
export function ofCandidates({ sides, params, metrics, tags }: Candidates): Comparison {
  return {
    kind: 'candidates',
    sides: sides.map((side) => ({
      id: side.id,
      name: side.name || side.uuid.slice(0, 8),
      status: side.status,
      candidateId: side.id,
      folder: '',
      createdAt: side.createdAt,
      startedAt: side.startedAt,
      finishedAt: side.finishedAt,
      who: side.username,
      home: side.experiment?.name ?? '',
      reference: side.uuid,
    })),
    params,
    metrics: metrics.map(withNumbers),
    tags,
  };
}

/** The comparison of an answer about versions. */
export function ofVersions({ sides, params, metrics, tags }: Versions): Comparison {
  const isOneModel = new Set(sides.map((side) => side.model?.id)).size === 1;
  return {
    kind: 'versions',
    sides: sides.map((side) => ({
      id: side.id,
      name: isOneModel ? side.version : `${side.model?.name ?? ''} ${side.version}`,
      status: side.status,
      candidateId: side.candidate?.id ?? null,
      folder: side.artifactFolder,
      createdAt: side.createdAt,
      startedAt: null,
      finishedAt: null,
      who: side.createdBy?.username ?? '',
      home: side.model?.name ?? '',
      reference: side.version,
    })),
    params,
    metrics: metrics.map(withNumbers),
    tags,
  };
}

function withNumbers({ key, values, differs }: Metrics): Row<LastValue> {
  return { key, differs, values: values.map((last) => last && { value: realNumber(last.value), step: last.step }) };
}

/** Seconds between start and end of a side; null while one of them is not known. */
export function seconds({ startedAt, finishedAt }: Side): number | null {
  return startedAt === null || finishedAt === null ? null : (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000;
}
