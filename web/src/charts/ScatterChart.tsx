import { useCallback, useMemo, useRef, useState } from 'react';
import { useLanguage, useT } from '../i18n';
import { ChartFrame } from './ChartFrame';
import { useChartColours } from './colours';
import type { Painter } from './painting';
import { Plot, type PlotHandle } from './Plot';
import type { Hover } from './plot_options';
import { extentOf, rangeOf } from './ranges';
import { ResetButton } from './ResetButton';
import { nearestPoint, paintPoints, pointTooltip, type ScatterPoint } from './scatter_contents';
import { ShadeScale } from './ShadeScale';
import { newSignal } from './signal';
import { Tooltip, type TooltipContent } from './Tooltip';
import type { Axis, ChartTable } from './types';
import { useBoxZoom } from './use_box_zoom';

export interface ScatterChartProps {
  readonly title: string;
  readonly points: readonly ScatterPoint[];
  readonly x: Axis;
  readonly y: Axis;
  /** What the points' shades are. */
  readonly shadeLabel?: string;
  readonly height?: number;
}

/** Things at two values each, coloured by a third; dragging zooms in both directions. */
export function ScatterChart({ title, points, x, y, shadeLabel, height = 360 }: ScatterChartProps) {
  const t = useT();
  const language = useLanguage();
  const colours = useChartColours();
  const handle = useRef<PlotHandle>(null);
  const [tooltip] = useState(() => newSignal<TooltipContent | null>(null));
  const whole = useMemo(
    () => ({ x: rangeOf(points.map((point) => point.x), x.log), y: rangeOf(points.map((point) => point.y), y.log) }),
    [points, x.log, y.log],
  );
  const shades = useMemo(() => extentOf(points.flatMap(({ shade }) => (shade === undefined ? [] : [shade]))), [points]);
  const zoom = useBoxZoom(whole, x);
  const paint = useCallback((painter: Painter) => paintPoints(painter, points, shades, colours), [points, shades, colours]);
  const onHover = (at: Hover | null) => {
    const point = at && nearestPoint(points, at, [x, y], [zoom.x, zoom.y]);
    tooltip.set(at && point && pointTooltip(point, at, x, y, shadeLabel, language));
  };
  const table = (): ChartTable => ({
    columns: [t('compare.chart_name'), x.label ?? '', y.label ?? '', ...(shadeLabel === undefined ? [] : [shadeLabel])],
    rows: points.map((point) => [point.name, cell(x, point.x), cell(y, point.y), ...(shadeLabel === undefined ? [] : [point.shade ?? null])]),
  });
  return (
    <ChartFrame title={title} plot={handle} table={table} actions={zoom.isZoomed && <ResetButton onClick={zoom.reset} />}>
      <Plot
        label={t('compare.chart_keys', { title })}
        height={height}
        x={x}
        y={y}
        xRange={zoom.x}
        yRange={zoom.y}
        paint={paint}
        dragY
        onHover={onHover}
        onSelect={zoom.select}
        onMove={zoom.move}
        onReset={zoom.reset}
        handle={handle}
      >
        <Tooltip signal={tooltip} />
      </Plot>
      {shadeLabel !== undefined && <ShadeScale label={shadeLabel} range={shades} />}
    </ChartFrame>
  );
}

function cell(axis: Axis, value: number): string | number {
  return axis.kind === 'words' ? (axis.words?.[value] ?? '') : value;
}
