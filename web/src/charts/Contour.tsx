import { useCallback, useMemo, useRef, useState } from 'react';
import { useLanguage, useT } from '../i18n';
import { ChartFrame } from './ChartFrame';
import { rampColour, useChartColours, type ChartColours } from './colours';
import { interpolated, valueAt, type Grid, type GridPoint } from './grid';
import type { Painter } from './painting';
import { Plot, type PlotHandle } from './Plot';
import type { Hover } from './plot_options';
import { rangeOf } from './ranges';
import { nearestPoint, paintPoints, pointTooltip } from './scatter_contents';
import { ShadeScale } from './ShadeScale';
import { newSignal } from './signal';
import { Tooltip, type TooltipContent } from './Tooltip';
import type { Axis } from './types';

export interface ContourProps {
  readonly title: string;
  readonly points: readonly GridPoint[];
  readonly x: Axis;
  readonly y: Axis;
  /** What z is. */
  readonly label: string;
  readonly height?: number;
}

const BANDS = 10;

/** A value over two others: bands of equal height between the points that are known, which are drawn, too. */
export function Contour({ title, points, x, y, label, height = 400 }: ContourProps) {
  const t = useT();
  const language = useLanguage();
  const colours = useChartColours();
  const handle = useRef<PlotHandle>(null);
  const [tooltip] = useState(() => newSignal<TooltipContent | null>(null));
  const xRange = useMemo(() => rangeOf(points.map((point) => point.x), x.log), [points, x.log]);
  const yRange = useMemo(() => rangeOf(points.map((point) => point.y), y.log), [points, y.log]);
  const grid = useMemo(() => interpolated(points, x, y, xRange, yRange), [points, x.log, y.log, xRange, yRange]);
  const dots = useMemo(() => points.map(({ name, z, ...at }, index) => ({ id: String(index), name, shade: z, ...at })), [points]);
  const paint = useCallback(
    (painter: Painter) => {
      paintBands(painter, grid, colours);
      paintPoints(painter, dots, grid.range[1] > grid.range[0] ? grid.range : [grid.range[0], grid.range[0] + 1], colours);
    },
    [grid, dots, colours],
  );
  const onHover = (at: Hover | null) => {
    const point = at && nearestPoint(dots, at, [x, y], [xRange, yRange]);
    tooltip.set(at && point && pointTooltip(point, at, x, y, label, language));
  };
  return (
    <ChartFrame
      title={title}
      plot={handle}
      table={() => ({
        columns: [t('compare.chart_name'), x.label ?? '', y.label ?? '', label],
        rows: points.map((point) => [point.name, point.x, point.y, point.z]),
      })}
    >
      <Plot label={title} height={height} x={x} y={y} xRange={xRange} yRange={yRange} paint={paint} onHover={onHover} handle={handle}>
        <Tooltip signal={tooltip} />
      </Plot>
      <ShadeScale label={label} range={grid.range} />
    </ChartFrame>
  );
}

/** Colour each pixel by the band that its value lies in; between bands runs a line. */
function paintBands({ context, left, top, width, height, ratio }: Painter, grid: Grid, colours: ChartColours): void {
  const scale = Math.max(1, Math.round(ratio));
  const [columns, rows] = [Math.max(1, Math.round(width / scale)), Math.max(1, Math.round(height / scale))];
  const image = new ImageData(columns, rows);
  const [least, greatest] = grid.range;
  const band = (column: number, row: number) => {
    const part = (valueAt(grid, column / (columns - 1), 1 - row / (rows - 1)) - least) / (greatest - least || 1);
    return Math.min(BANDS - 1, Math.floor(part * BANDS));
  };
  const shades = Array.from({ length: BANDS }, (_, index) => rampColour(colours, (index + 0.5) / BANDS));
  let above: number[] = [];
  for (let row = 0; row < rows; row++) {
    const current = Array.from({ length: columns }, (_, column) => band(column, row));
    for (let column = 0; column < columns; column++) {
      const own = current[column] ?? 0;
      const isEdge = (column > 0 && current[column - 1] !== own) || (row > 0 && above[column] !== own);
      image.data.set([...(shades[own] ?? [0, 0, 0]), isEdge ? 120 : 215], (row * columns + column) * 4);
    }
    above = current;
  }
  const canvas = new OffscreenCanvas(columns, rows);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  context.drawImage(canvas, left, top, width, height);
}
