import { quantile } from './ranges';

/** Five numbers of a group, and the values beyond them. */
export interface Box {
  readonly name: string;
  readonly count: number;
  readonly low: number;
  readonly first: number;
  readonly median: number;
  readonly third: number;
  readonly high: number;
  readonly values: Float64Array;
}

/** The box of a group's finite values: whiskers reach the last values within 1.5 of the box's length (Tukey). */
export function boxOf(name: string, given: readonly number[]): Box {
  const values = Float64Array.from(given.filter(Number.isFinite)).sort();
  const [first, median, third] = [0.25, 0.5, 0.75].map((part) => quantile(values, part));
  const reach = 1.5 * ((third ?? 0) - (first ?? 0));
  const within = values.filter((value) => value >= (first ?? 0) - reach && value <= (third ?? 0) + reach);
  return {
    name,
    count: values.length,
    low: within[0] ?? Number.NaN,
    first: first ?? Number.NaN,
    median: median ?? Number.NaN,
    third: third ?? Number.NaN,
    high: within.at(-1) ?? Number.NaN,
    values,
  };
}
