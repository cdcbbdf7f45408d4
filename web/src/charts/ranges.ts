import { firstAtLeast, type Drawn } from './curves';
import type { Range } from './types';

/** More values than this are not sorted for their percentiles: every n-th is. */
const MOST_SORTED = 20_000;
const PADDING = 0.05;

/** The least and greatest x of all curves; null without points. */
export function rangeOfX(curves: readonly Drawn[], log: boolean): Range | null {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const { xs } of curves) {
    const first = log ? xs.find((x) => x > 0) : xs[0];
    const last = xs.at(-1);
    if (first === undefined || last === undefined || first > last) continue;
    least = Math.min(least, first);
    greatest = Math.max(greatest, last);
  }
  return least <= greatest ? apart([least, greatest], log) : null;
}

/**
 * The range of the values that lie within a range of x, with some space around it; null where there are none.
 *
 * `ignored` is how many percent of the values at either end do not count.
 */
export function rangeOfY(curves: readonly Drawn[], x: Range, ignored: number, log: boolean): Range | null {
  const bounds = ignored > 0 ? percentiles(curves, x, ignored, log) : extremes(curves, x, log);
  return bounds && padded(apart(bounds, log), log);
}

function extremes(curves: readonly Drawn[], x: Range, log: boolean): Range | null {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const { xs, ys } of curves) {
    const end = firstAtLeast(xs, x[1] + Number.EPSILON * Math.abs(x[1]));
    for (let index = firstAtLeast(xs, x[0]); index < xs.length && index <= end; index++) {
      const value = ys[index] ?? Number.NaN;
      if (!Number.isFinite(value) || (log && value <= 0)) continue;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
  }
  return least <= greatest ? [least, greatest] : null;
}

function percentiles(curves: readonly Drawn[], x: Range, ignored: number, log: boolean): Range | null {
  const parts = curves.map(({ xs, ys }) => ys.subarray(firstAtLeast(xs, x[0]), firstAtLeast(xs, x[1]) + 1));
  const stride = Math.max(1, Math.ceil(parts.reduce((sum, part) => sum + part.length, 0) / MOST_SORTED));
  const values: number[] = [];
  for (const part of parts) {
    for (let index = 0; index < part.length; index += stride) {
      const value = part[index] ?? Number.NaN;
      if (Number.isFinite(value) && (!log || value > 0)) values.push(value);
    }
  }
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return [quantile(sorted, ignored / 100), quantile(sorted, 1 - ignored / 100)];
}

/** A quantile of ascending values, linear between two of them. */
export function quantile(sorted: Float64Array, part: number): number {
  const at = Math.min(Math.max(part, 0), 1) * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** The range of some numbers for an axis, with some space around it. */
export function rangeOf(values: Iterable<number>, log = false): Range {
  return padded(extentOf(values, log), log);
}

/** The least and the greatest of some numbers; apart from each other even when they are equal. */
export function extentOf(values: Iterable<number>, log = false): Range {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value) || (log && value <= 0)) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return apart(least <= greatest ? [least, greatest] : log ? [1, 10] : [0, 1], log);
}

/** Two equal ends cannot be an axis. */
function apart([least, greatest]: Range, log: boolean): Range {
  if (greatest > least) return [least, greatest];
  if (log) return [least / 2, least * 2];
  const half = Math.abs(least) * 0.1 || 0.5;
  return [least - half, greatest + half];
}

/** A range with some space around it. */
export function padded([least, greatest]: Range, log: boolean): Range {
  if (log) {
    const factor = (greatest / least) ** PADDING;
    return [least / factor, greatest * factor];
  }
  const space = (greatest - least) * PADDING;
  return [least - space, greatest + space];
}

/** A range moved or scaled: `by` of its length, then `factor` about `about` (0: its start, 1: its end). */
export function changed([least, greatest]: Range, log: boolean, { by = 0, factor = 1, about = 0.5 }): Range {
  const [start, end] = log ? [Math.log10(least), Math.log10(greatest)] : [least, greatest];
  const length = end - start;
  const middle = start + length * (about + by);
  const [from, to] = [middle - length * factor * about, middle + length * factor * (1 - about)];
  return log ? [10 ** from, 10 ** to] : [from, to];
}
