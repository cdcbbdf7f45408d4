import { positions } from './painting';
import type { Axis, Range } from './types';

/** A value at two others. */
export interface GridPoint {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** Values at the nodes of an even grid, row by row from below. */
export interface Grid {
  readonly size: number;
  readonly values: Float64Array;
  readonly range: Range;
}

const SIZE = 64;

/**
 * Values between scattered ones, by the inverse square of their distance as the axes measure it (Shepard, 1968): it goes
 * through every point, and never beyond the least and the greatest value.
 */
export function interpolated(points: readonly GridPoint[], x: Axis, y: Axis, xRange: Range, yRange: Range): Grid {
  const [across, up] = [positions(xRange, x.log ?? false, 0, 1), positions(yRange, y.log ?? false, 0, 1)];
  const seeds = points
    .map((point) => ({ x: across(point.x), y: up(point.y), z: point.z }))
    .filter((seed) => [seed.x, seed.y, seed.z].every(Number.isFinite));
  const values = new Float64Array(SIZE * SIZE);
  for (let row = 0; row < SIZE; row++) {
    for (let column = 0; column < SIZE; column++) {
      values[row * SIZE + column] = at(column / (SIZE - 1), row / (SIZE - 1));
    }
  }
  const known = seeds.map((seed) => seed.z);
  return { size: SIZE, values, range: known.length > 0 ? [Math.min(...known), Math.max(...known)] : [0, 1] };

  function at(left: number, height: number): number {
    let [sum, weights] = [0, 0];
    for (const seed of seeds) {
      const weight = 1 / ((seed.x - left) ** 2 + (seed.y - height) ** 2 + 1e-9);
      sum += weight * seed.z;
      weights += weight;
    }
    return weights > 0 ? sum / weights : Number.NaN;
  }
}

/** The value of a grid at a part of its width and height, linear between nodes. */
export function valueAt({ size, values }: Grid, across: number, up: number): number {
  const [x, y] = [across, up].map((part) => Math.min(Math.max(part, 0), 1) * (size - 1));
  const [column, row] = [Math.min(Math.floor(x ?? 0), size - 2), Math.min(Math.floor(y ?? 0), size - 2)];
  const [right, above] = [(x ?? 0) - column, (y ?? 0) - row];
  const node = (over: number, higher: number) => values[(row + higher) * size + column + over] ?? Number.NaN;
  const low = node(0, 0) * (1 - right) + node(1, 0) * right;
  const high = node(0, 1) * (1 - right) + node(1, 1) * right;
  return low * (1 - above) + high * above;
}
