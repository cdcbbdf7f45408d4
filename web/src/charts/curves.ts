import type { RealNumber } from '../api/operations';
import type { Curve, CurveAxis, CurvePoint } from './types';

/** The number that GraphQL writes as a number or as one of three words. */
export function realNumber(value: RealNumber): number {
  return typeof value === 'number' ? value : Number(value);
}

/** A curve of points as GraphQL tells them; they may be unordered. */
export function curveOf(id: string, name: string, points: readonly CurvePoint[], look?: number): Curve {
  const sorted = inOrder(points) ? points : [...points].sort((one, other) => one.step - other.step || one.timestamp - other.timestamp);
  const curve = {
    id,
    name,
    steps: Float64Array.from(sorted, (point) => point.step),
    times: Float64Array.from(sorted, (point) => point.timestamp),
    values: Float64Array.from(sorted, (point) => realNumber(point.value)),
  };
  return look === undefined ? curve : { ...curve, look };
}

/** The curve with points behind its last one; those of steps that it has already are left out. */
export function withPoints(curve: Curve, points: readonly CurvePoint[]): Curve {
  const last = curve.steps.at(-1) ?? Number.NEGATIVE_INFINITY;
  const added = curveOf(curve.id, curve.name, points.filter((point) => point.step > last));
  if (added.steps.length === 0) return curve;
  return {
    ...curve,
    steps: joined(curve.steps, added.steps),
    times: joined(curve.times, added.times),
    values: joined(curve.values, added.values),
  };
}

/** A curve as it is drawn: by `xs`, ascending. */
export interface Drawn {
  readonly xs: Float64Array;
  readonly ys: Float64Array;
}

const kept = new WeakMap<Curve, Map<CurveAxis, Drawn>>();

/** The curve over an axis; relative time in seconds. */
export function drawn(curve: Curve, axis: CurveAxis): Drawn {
  let axes = kept.get(curve);
  if (axes === undefined) kept.set(curve, (axes = new Map()));
  let result = axes.get(axis);
  if (result === undefined) axes.set(axis, (result = over(curve, axis)));
  return result;
}

function over(curve: Curve, axis: CurveAxis): Drawn {
  if (axis === 'step') return { xs: curve.steps, ys: curve.values };
  const sorted = ascending(curve.times) ? curve : byTime(curve);
  if (axis === 'time') return { xs: sorted.times, ys: sorted.values };
  const start = sorted.times[0] ?? 0;
  return { xs: sorted.times.map((time) => (time - start) / 1_000), ys: sorted.values };
}

function byTime({ times, values }: Curve): Pick<Curve, 'times' | 'values'> {
  const order = Uint32Array.from(times, (_, index) => index).sort((one, other) => (times[one] ?? 0) - (times[other] ?? 0));
  return { times: Float64Array.from(order, (index) => times[index] ?? 0), values: Float64Array.from(order, (index) => values[index] ?? 0) };
}

function inOrder(points: readonly CurvePoint[]): boolean {
  return points.every((point, index) => index === 0 || (points[index - 1]?.step ?? 0) <= point.step);
}

function ascending(column: Float64Array): boolean {
  return column.every((value, index) => index === 0 || (column[index - 1] ?? 0) <= value);
}

function joined(one: Float64Array, other: Float64Array): Float64Array {
  const both = new Float64Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** The index of the first of ascending values that is at least `value`; the length when there is none. */
export function firstAtLeast(ascendingValues: Float64Array, value: number): number {
  let low = 0;
  let high = ascendingValues.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascendingValues[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the point nearest to `x`; null without points. */
export function nearest({ xs }: Drawn, x: number): number | null {
  if (xs.length === 0) return null;
  const after = firstAtLeast(xs, x);
  if (after === 0) return 0;
  if (after === xs.length) return xs.length - 1;
  return x - (xs[after - 1] ?? 0) <= (xs[after] ?? 0) - x ? after - 1 : after;
}
