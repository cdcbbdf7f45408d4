import type { Drawn } from './curves';

/**
 * The exponential moving average of a curve's points, without its pull towards zero at the start.
 *
 * `weight` (0 to below 1) is what the average so far counts. Gaps stay gaps and leave the average as it is. The debiasing
 * is that of Adam (Kingma and Ba, 2015), as TensorBoard's smoothing does it.
 */
export function smoothed(values: Float64Array, weight: number): Float64Array {
  const result = new Float64Array(values.length);
  let average = 0;
  let known = 1;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? Number.NaN;
    if (!Number.isFinite(value)) {
      result[index] = value;
      continue;
    }
    average = average * weight + value * (1 - weight);
    known *= weight;
    result[index] = average / (1 - known);
  }
  return result;
}

const kept = new WeakMap<Drawn, { weight: number; curve: Drawn }>();

/** The smoothed curve; the last one of each curve is kept. */
export function smoothedCurve(curve: Drawn, weight: number): Drawn {
  if (weight <= 0) return curve;
  const last = kept.get(curve);
  if (last?.weight === weight) return last.curve;
  const result = { xs: curve.xs, ys: smoothed(curve.ys, Math.min(weight, 0.9999)) };
  kept.set(curve, { weight, curve: result });
  return result;
}
