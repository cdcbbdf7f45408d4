import { keepPreviousData, useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import { query } from '../../../api';
import { CandidateCurvesDocument } from '../../../api/operations';
import { curveOf, LineChart } from '../../../charts';
import { Problem, Skeleton } from '../../../ui';
import styles from './candidate.module.css';

/** Metrics that one request may name. */
const MOST_KEYS = 20;

interface Props {
  readonly id: string;
  readonly keys: readonly string[];
  readonly axis: 'step' | 'time' | 'relative';
  readonly logY: boolean;
}

/** One chart for each metric; read again as the candidate logs. */
export function MetricCharts({ id, keys, axis, logY }: Props) {
  const parts = Array.from({ length: Math.ceil(keys.length / MOST_KEYS) }, (_, at) => keys.slice(at * MOST_KEYS, (at + 1) * MOST_KEYS));
  const answers = useQueries({
    queries: parts.map((part) => ({ ...query(CandidateCurvesDocument, { id, keys: part }), placeholderData: keepPreviousData })),
  });
  const state = answers.map((answer) => answer.dataUpdatedAt).join();
  const curves = useMemo(
    () => answers.flatMap((answer) => answer.data?.candidate?.metricSeries ?? []).map(({ key, points }) => ({ key, curves: [curveOf(key, key, points)] })),
    [state],
  );
  const failure = answers.find((answer) => answer.error !== null)?.error ?? null;
  if (failure !== null && curves.length === 0) return <Problem failure={failure} onRetry={() => void answers[0]?.refetch()} />;
  if (curves.length === 0 && keys.length > 0) return <Skeleton rows={6} />;
  return (
    <div className={styles.charts}>
      {curves
        .filter(({ key }) => keys.includes(key))
        .map(({ key, curves: ofMetric }) => (
          <LineChart key={key} title={key} curves={ofMetric} axis={axis} logY={logY} height={200} group={id} />
        ))}
    </div>
  );
}
