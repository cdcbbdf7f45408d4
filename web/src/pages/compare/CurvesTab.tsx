import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { query } from '../../api';
import { CompareCurvesDocument } from '../../api/operations';
import { BarChart, curveOf, type Curve } from '../../charts';
import { useT } from '../../i18n';
import { Empty, Problem } from '../../ui';
import type { CompareSearch } from '../../routes/compare';
import type { Comparison } from './comparison';
import type { Change } from './ComparePage';
import controls from './Controls.module.css';
import { CurveChart } from './CurveChart';
import { CurveControls } from './CurveControls';
import styles from './Compare.module.css';

const MOST_METRICS = 20;
const FIRST_METRICS = 6;
/** What one answer may hold, and one curve. */
const MOST_POINTS = 100_000;
const MOST_OF_CURVE = 1_000;
const LIVE_MILLISECONDS = 3_000;

interface CurvesTabProps {
  readonly comparison: Comparison;
  readonly search: CompareSearch;
  readonly change: Change;
}

/** One chart for each metric: curves where it has steps, bars where it has one value. */
export function CurvesTab({ comparison, search, change }: CurvesTabProps) {
  const t = useT();
  const { sides, metrics } = comparison;
  const usual = useMemo(() => usualMetrics(comparison), [comparison]);
  const chosen = search.metrics ?? usual;
  const keys = chosen.filter((key) => metrics.some((row) => row.key === key));
  const stepped = keys.filter((key) => metrics.some((row) => row.key === key && row.values.some((last) => (last?.step ?? 0) > 0)));
  const ids = sides.flatMap((side) => (side.candidateId === null ? [] : [side.candidateId]));
  const maxPoints = Math.max(4, Math.min(MOST_OF_CURVE, Math.floor(MOST_POINTS / Math.max(1, ids.length * stepped.length))));
  const isRunning = sides.some((side) => side.status === 'RUNNING');
  const answer = useQuery({
    ...query(CompareCurvesDocument, { ids, keys: stepped, maxPoints }),
    enabled: ids.length > 0 && stepped.length > 0,
    refetchInterval: isRunning ? LIVE_MILLISECONDS : false,
    // Other metrics and sides: what is drawn stays until the new ones are there.
    placeholderData: (last) => last,
  });
  const curves = useMemo(() => {
    const byKey = new Map<string, Curve[]>();
    for (const { candidate, series } of answer.data?.metricSeries ?? []) {
      const look = sides.findIndex((side) => side.candidateId === candidate.id);
      for (const { key, points } of series) {
        if (points.length === 0) continue;
        byKey.set(key, [...(byKey.get(key) ?? []), curveOf(sides[look]?.id ?? candidate.id, sides[look]?.name ?? '', points, Math.max(0, look))]);
      }
    }
    return byKey;
  }, [answer.data, sides]);
  if (metrics.length === 0) return <Empty title={t('compare.no_metrics')} />;
  return (
    <>
      <CurveControls metrics={metrics.map((row) => row.key)} chosen={keys} most={MOST_METRICS} search={search} change={change} />
      {answer.error && <Problem failure={answer.error} inline onRetry={() => void answer.refetch()} />}
      <div className={styles.charts} aria-busy={answer.isFetching && !answer.isFetched}>
        {keys.map((key) =>
          stepped.includes(key) ? (
            <CurveChart key={key} metric={key} ids={ids} sides={sides} curves={curves.get(key) ?? []} search={search} change={change} />
          ) : (
            <BarChart
              key={key}
              title={key}
              label={key}
              items={sides.map((side, index) => ({ name: side.name, look: index, value: metrics.find((row) => row.key === key)?.values[index]?.value ?? Number.NaN }))}
            />
          ),
        )}
      </div>
      {keys.length === 0 && <p className={controls.field}>{t('compare.choose_metrics')}</p>}
    </>
  );
}

/** The first metrics with curves that most sides have, system metrics last. */
function usualMetrics({ metrics }: Comparison): string[] {
  const rank = (key: string, values: readonly unknown[]) => values.filter((last) => last !== null).length - (key.startsWith('system/') ? 1_000 : 0);
  return [...metrics]
    .sort((one, other) => rank(other.key, other.values) - rank(one.key, one.values))
    .slice(0, FIRST_METRICS)
    .map((row) => row.key);
}
