import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { query } from '../../api';
import { CompareCurvesDocument } from '../../api/operations';
import { curveOf, LineChart, type Curve, type Range } from '../../charts';
import type { CompareSearch } from '../../routes/compare';
import type { Side } from './comparison';
import type { Change } from './ComparePage';

const MOST_POINTS = 100_000;
const MOST_OF_CURVE = 2_500;

interface CurveChartProps {
  readonly metric: string;
  readonly ids: readonly string[];
  readonly sides: readonly Side[];
  /** Thinned by the server over all steps. */
  readonly curves: readonly Curve[];
  readonly search: CompareSearch;
  readonly change: Change;
}

/** The curves of one metric; zoomed into, the part is asked for with more points. */
export function CurveChart({ metric, ids, sides, curves, search, change }: CurveChartProps) {
  const { axis = 'step', logx = false, logy = false, smooth = 0, outliers = 0, hidden } = search;
  const zoom = useMemo(() => zoomOf(search.zoom, metric), [search.zoom, metric]);
  const steps = axis === 'step' && zoom !== null ? zoom : null;
  const finer = useQuery({
    ...query(CompareCurvesDocument, {
      ids: [...ids],
      keys: [metric],
      maxPoints: Math.max(4, Math.min(MOST_OF_CURVE, Math.floor(MOST_POINTS / Math.max(1, ids.length)))),
      fromStep: steps && Math.max(0, Math.floor(steps[0])),
      toStep: steps && Math.max(0, Math.ceil(steps[1])),
    }),
    enabled: steps !== null && ids.length > 0,
    placeholderData: (last) => last,
  });
  const shown = useMemo(() => {
    if (steps === null || finer.data === undefined) return curves;
    const parts = new Map(finer.data.metricSeries.map(({ candidate, series }) => [candidate.id, series[0]?.points ?? []]));
    return curves.map((curve) => {
      const points = parts.get(sides.find((side) => side.id === curve.id)?.candidateId ?? '');
      return points === undefined || points.length === 0 ? curve : merged(curve, curveOf(curve.id, curve.name, points, curve.look));
    });
  }, [steps, finer.data, curves, sides]);
  const onZoom = (range: Range | null) => {
    const others = (search.zoom ?? []).filter((one) => !one.startsWith(`${metric}:`));
    const own = range === null ? [] : [`${metric}:${range.map((end) => Number(end.toPrecision(8))).join(':')}`];
    change({ zoom: [...others, ...own].length > 0 ? [...others, ...own] : undefined });
  };
  return (
    <LineChart
      title={metric}
      curves={shown}
      axis={axis}
      logX={logx}
      logY={logy}
      smoothing={smooth}
      outliers={outliers}
      zoom={zoom}
      onZoom={onZoom}
      group={`compare-${axis}`}
      hidden={hidden ?? NONE}
      onHidden={(next) => change({ hidden: next.length > 0 ? [...next] : undefined })}
    />
  );
}

const NONE: readonly string[] = [];

function zoomOf(zooms: readonly string[] | undefined, metric: string): Range | null {
  const given = zooms?.find((one) => one.startsWith(`${metric}:`))?.slice(metric.length + 1).split(':').map(Number);
  const [from, to] = given ?? [];
  return from !== undefined && to !== undefined && to > from ? [from, to] : null;
}

/** The curve with a part of it in finer points, so that the plot can be moved beyond that part. */
function merged(curve: Curve, part: Curve): Curve {
  const [from, to] = [part.steps[0] ?? 0, part.steps.at(-1) ?? 0];
  const start = curve.steps.findIndex((step) => step >= from);
  const after = curve.steps.findIndex((step) => step > to);
  const joined = (column: 'steps' | 'times' | 'values') =>
    Float64Array.from([
      ...curve[column].subarray(0, start < 0 ? curve.steps.length : start),
      ...part[column],
      ...(after < 0 ? [] : curve[column].subarray(after)),
    ]);
  return { ...curve, steps: joined('steps'), times: joined('times'), values: joined('values') };
}
