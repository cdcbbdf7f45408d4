import type uPlot from 'uplot';
import type { ChartColours } from './colours';
import { labelled, logTicks } from './log_ticks';
import { ticks } from './formats';
import type { Painter } from './painting';
import { positions } from './painting';
import type { Axis, Range } from './types';

/** What uPlot is to show; read at each drawing, so that it follows the latest properties. */
export interface PlotState {
  readonly x: Axis;
  readonly y: Axis;
  readonly xRange: Range;
  readonly yRange: Range;
  readonly colours: ChartColours;
  readonly language: string;
  readonly paint: (painter: Painter) => void;
  readonly onHover: ((at: Hover | null) => void) | undefined;
  readonly onSelect: ((x: Range, y: Range) => void) | undefined;
}

/** Where the cursor is: CSS pixels within the plot's element, and values of the axes. */
export interface Hover {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly x: number;
  readonly y: number;
}

/** Seconds between ticks of durations. */
const DURATIONS = [
  0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 172_800,
  604_800, 2_592_000,
];
const CHARACTER = 6.6;
const LINE = 16;

/** Options of a uPlot that has axes, zoom and cursor, and whose contents `paint` draws. */
export function plotOptions(
  state: () => PlotState,
  size: { width: number; height: number },
  { dragY, sync }: { dragY: boolean; sync: string | undefined },
): uPlot.Options {
  const { x, y } = state();
  return {
    ...size,
    ms: 1,
    padding: [10, 16, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: x.kind === 'time', distr: x.log ? 3 : 1, range: () => [...state().xRange] },
      y: { distr: y.log ? 3 : 1, range: () => [...state().yRange], auto: false },
    },
    series: [{}, { scale: 'y', auto: false, paths: () => null, points: { show: false } }],
    axes: [axis(() => state(), 'x', x), axis(() => state(), 'y', y)],
    cursor: {
      points: { show: false },
      drag: { setScale: false, x: state().onSelect !== undefined, y: dragY, dist: 6, ...(dragY ? { uni: 40 } : {}) },
      ...(sync === undefined ? {} : { sync: { key: sync, setSeries: false, scales: ['x', null] } }),
      bind: {
        // Dragging with the shift key moves the plot; uPlot's own double click would range by data that it has not.
        mousedown: (_, __, handler) => (event) => (event.shiftKey || event.button !== 0 ? null : handler(event)),
        dblclick: () => null,
      },
    },
    hooks: {
      draw: [(plot) => state().paint(painter(plot, state()))],
      setCursor: [(plot) => state().onHover?.(hovered(plot))],
      setSelect: [(plot) => selected(plot, dragY, state())],
    },
  };
}

function axis(state: () => PlotState, scale: 'x' | 'y', given: Axis): uPlot.Axis {
  const current = () => state()[scale];
  const { words } = given;
  return {
    scale,
    stroke: () => state().colours.text,
    font: `12px ${state().colours.font}`,
    labelFont: `12px ${state().colours.font}`,
    labelSize: LINE + 6,
    ...(given.label === undefined ? {} : { label: given.label }),
    grid: { stroke: () => state().colours.grid, width: 1, show: words === undefined },
    ticks: { stroke: () => state().colours.axis, width: 1, size: 4 },
    border: { show: true, stroke: () => state().colours.axis, width: 1 },
    gap: 4,
    values: (_, splits, __, ___, step) => {
      const filled = splits.filter((value) => value !== null);
      const shown = ticks(current(), filled, step, state().language);
      let next = 0;
      return splits.map((value) => (value === null ? null : (shown[next++] ?? null)));
    },
    ...(given.kind === 'duration' ? { incrs: DURATIONS } : {}),
    ...(given.log ? { splits: (_, __, least, greatest) => logTicks(least, greatest), filter: (_, splits) => splits.map(labelled(splits)) } : {}),
    ...(words === undefined ? {} : { splits: () => (current().words ?? []).map((_, index) => index) }),
    ...(scale === 'x'
      ? { size: LINE + 14, space: given.kind === 'time' || given.kind === 'duration' ? 84 : 64 }
      : { space: words === undefined ? 30 : 1, size: (_, values) => widthOf(values ?? []) }),
  };
}

function widthOf(values: readonly string[]): number {
  return Math.min(200, 18 + CHARACTER * values.reduce((longest, value) => Math.max(longest, value?.length ?? 0), 2));
}

function painter(plot: uPlot, { x, y, xRange, yRange }: PlotState): Painter {
  const { left, top, width, height } = plot.bbox;
  return {
    context: plot.ctx,
    left,
    top,
    width,
    height,
    ratio: devicePixelRatio,
    x: positions(xRange, x.log ?? false, left, width),
    y: positions(yRange, y.log ?? false, top + height, -height),
  };
}

function hovered(plot: uPlot): Hover | null {
  const { left = -1, top = -1 } = plot.cursor;
  if (left < 0) return null;
  const { offsetLeft, offsetTop } = plot.over;
  return { left: offsetLeft + left, top: offsetTop + top, width: plot.root.clientWidth, x: plot.posToVal(left, 'x'), y: plot.posToVal(top, 'y') };
}

function selected(plot: uPlot, dragY: boolean, { onSelect, yRange }: PlotState): void {
  const { left, top, width, height } = plot.select;
  if (width === 0) return;
  const x: Range = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
  const y: Range = dragY ? [plot.posToVal(top + height, 'y'), plot.posToVal(top, 'y')] : yRange;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  if (x[1] > x[0] && y[1] > y[0]) onSelect?.(x, y);
}
