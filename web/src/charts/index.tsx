// The charts, each in the chunk that uPlot is in: loaded when the first one is shown. Import from here alone, but for
// types. What the properties mean stands beside each component.
import { lazy } from 'react';
import { later } from './later';

export { curveOf, realNumber, withPoints } from './curves';
export { downloadTable, fileName } from './table';
export type { Axis, ChartTable, Curve, CurveAxis, CurvePoint, Range } from './types';
export type { Move } from './use_panning';

/** Curves over steps or time. */
export const LineChart = later(lazy(async () => ({ default: (await import('./LineChart')).LineChart })), 320);
