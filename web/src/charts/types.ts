import type { RealNumber } from '../api/operations';

/**
 * One curve: three columns of equal length, by step. NaN and infinite values are gaps.
 *
 * A curve is never changed: what is computed of it is kept by its identity. Give the same object again as long as its
 * points are the same, and another one when there are more (`withPoints`).
 */
export interface Curve {
  /** Unique in the chart. */
  readonly id: string;
  /** What the legend says. */
  readonly name: string;
  readonly steps: Float64Array;
  /** Milliseconds since 1970. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** Which colour and dash: 0 is the first; by the position of the curve when left out. Same things, same look. */
  readonly look?: number;
}

/** A point as GraphQL tells it. */
export interface CurvePoint {
  readonly step: number;
  readonly timestamp: number;
  readonly value: RealNumber;
}

/** What curves are drawn over: steps, the time of day, or the time since each curve's first point. */
export type CurveAxis = 'step' | 'time' | 'relative';

/** The least and the greatest value that are shown. */
export type Range = readonly [least: number, greatest: number];

/** One axis of a chart. */
export interface Axis {
  readonly label?: string;
  readonly log?: boolean;
  /** `time`: milliseconds since 1970; `duration`: seconds; `words`: positions 0, 1, 2 … in `words`. */
  readonly kind?: 'number' | 'time' | 'duration' | 'words';
  readonly words?: readonly string[];
}

/** A table that says the same as a chart, and its CSV file. */
export interface ChartTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}
