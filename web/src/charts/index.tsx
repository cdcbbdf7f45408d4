// The charts, each in the chunk that uPlot is in: loaded when the first one is shown. Import from here alone, but for
// types. What the properties mean stands beside each component.
import { lazy } from 'react';
import { later } from './later';

export { curveOf, realNumber, withPoints } from './curves';
export { downloadTable, fileName } from './table';
export type { Brushes, ParallelAxis, ParallelItem } from './parallel_contents';
export type { GridPoint } from './grid';
export type { ScatterPoint } from './scatter_contents';
export type { Axis, ChartTable, Curve, CurveAxis, CurvePoint, Range } from './types';
export type { Move } from './use_panning';

/** Curves over steps or time. */
export const LineChart = later(lazy(async () => ({ default: (await import('./LineChart')).LineChart })), 320);

/** Things at two values each, coloured by a third. */
export const ScatterChart = later(lazy(async () => ({ default: (await import('./ScatterChart')).ScatterChart })), 420);

/** Things as lines over several axes; parts of axes can be chosen. */
export const ParallelCoordinates = later(lazy(async () => ({ default: (await import('./ParallelCoordinates')).ParallelCoordinates })), 440);

/** A value over two others, interpolated. */
export const Contour = later(lazy(async () => ({ default: (await import('./Contour')).Contour })), 460);

/** Quartiles of groups. */
export const BoxPlot = later(lazy(async () => ({ default: (await import('./BoxPlot')).BoxPlot })), 220);

/** One bar for each thing. */
export const BarChart = later(lazy(async () => ({ default: (await import('./BarChart')).BarChart })), 200);
