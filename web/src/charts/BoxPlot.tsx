import { useCallback, useMemo, useRef } from 'react';
import { useT } from '../i18n';
import { boxOf, type Box } from './boxes';
import { ChartFrame } from './ChartFrame';
import { colourOf, useChartColours, type ChartColours } from './colours';
import type { Painter } from './painting';
import { Plot, type PlotHandle } from './Plot';
import { rangeOf } from './ranges';
import type { Axis, ChartTable } from './types';

export interface BoxPlotProps {
  readonly title: string;
  readonly groups: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** What the values are. */
  readonly label?: string;
  readonly log?: boolean;
}

const ROW = 52;
const AXES = 64;

/** Quartiles, whiskers and all values of each group. */
export function BoxPlot({ title, groups, label, log = false }: BoxPlotProps) {
  const t = useT();
  const colours = useChartColours();
  const handle = useRef<PlotHandle>(null);
  // The first one stands on top.
  const boxes = useMemo(() => groups.map(({ name, values }) => boxOf(name, values)).reverse(), [groups]);
  const words = useMemo(() => boxes.map((box) => `${box.name} (${box.count})`), [boxes]);
  const xRange = useMemo(() => rangeOf(groups.flatMap((group) => group.values), log), [groups, log]);
  const x: Axis = { log, ...(label === undefined ? {} : { label }) };
  const paint = useCallback(
    (painter: Painter) => boxes.forEach((box, index) => paintBox(painter, box, index, boxes.length - 1 - index, colours)),
    [boxes, colours],
  );
  const table = (): ChartTable => ({
    columns: [t('compare.chart_group'), t('compare.chart_count'), t('compare.chart_low'), 'Q1', t('compare.chart_median'), 'Q3', t('compare.chart_high')],
    rows: [...boxes].reverse().map((box) => [box.name, box.count, box.low, box.first, box.median, box.third, box.high]),
  });
  return (
    <ChartFrame title={title} plot={handle} table={table}>
      <Plot
        label={title}
        height={Math.max(2, groups.length) * ROW + AXES}
        x={x}
        y={{ kind: 'words', words }}
        xRange={xRange}
        yRange={[-0.6, boxes.length - 0.4]}
        paint={paint}
        handle={handle}
      />
    </ChartFrame>
  );
}

function paintBox(painter: Painter, box: Box, row: number, look: number, colours: ChartColours): void {
  if (box.count === 0) return;
  const { context, ratio } = painter;
  const middle = painter.y(row);
  const half = Math.abs(painter.y(0.26) - painter.y(0));
  const [low, first, median, third, high] = [box.low, box.first, box.median, box.third, box.high].map(painter.x);
  const across = (from = 0, to = 0, height = middle) => {
    context.moveTo(from, height);
    context.lineTo(to, height);
  };
  const upright = (at = 0, reach = half) => {
    context.moveTo(at, middle - reach);
    context.lineTo(at, middle + reach);
  };
  context.strokeStyle = context.fillStyle = colourOf(colours, look);
  context.lineWidth = 1.5 * ratio;
  context.globalAlpha = 0.22;
  context.fillRect(first ?? 0, middle - half, (third ?? 0) - (first ?? 0), 2 * half);
  context.globalAlpha = 1;
  context.beginPath();
  context.rect(first ?? 0, middle - half, (third ?? 0) - (first ?? 0), 2 * half);
  across(low, first);
  across(third, high);
  upright(low, half / 2);
  upright(high, half / 2);
  context.stroke();
  context.beginPath();
  context.lineWidth = 3 * ratio;
  upright(median);
  context.stroke();
  context.globalAlpha = 0.7;
  box.values.forEach((value, index) => {
    // Values lie in three rows, so that equal ones are seen; always the same ones.
    context.beginPath();
    context.arc(painter.x(value), middle + ((index % 3) - 1) * half * 0.5, 2.5 * ratio, 0, 2 * Math.PI);
    context.fill();
  });
  context.globalAlpha = 1;
}
