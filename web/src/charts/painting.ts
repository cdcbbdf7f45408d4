import { firstAtLeast, type Drawn } from './curves';
import type { Range } from './types';

/** What a chart draws with: canvas pixels of the plot's area, and positions of values in them. */
export interface Painter {
  readonly context: CanvasRenderingContext2D;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Canvas pixels of one CSS pixel. */
  readonly ratio: number;
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

/** The position of values along an axis; computed here, since a call for each of 100,000 points has to be short. */
export function positions([least, greatest]: Range, log: boolean, start: number, length: number): (value: number) => number {
  if (log) {
    const from = Math.log10(least);
    const factor = length / (Math.log10(greatest) - from);
    return (value) => (value > 0 ? start + (Math.log10(value) - from) * factor : Number.NaN);
  }
  const factor = length / (greatest - least);
  return (value) => start + (value - least) * factor;
}

/** Points further apart than this many CSS pixels are drawn as dots, too. */
const DOTS_FROM = 14;
/** Canvases take no greater numbers in earnest. */
const FAR = 1e6;

/**
 * Add the part of a curve that is seen to a path.
 *
 * Of the points that fall into one column of pixels the first, the least, the greatest and the last are drawn: the picture
 * is the same as with all of them, and takes time by the width of the plot. What is not finite breaks the line.
 */
export function trace(path: Path2D, curve: Drawn, seen: Range, painter: Painter): void {
  const { xs, ys } = curve;
  const from = Math.max(0, firstAtLeast(xs, seen[0]) - 1);
  const to = Math.min(xs.length - 1, firstAtLeast(xs, seen[1]));
  const { x, y } = painter;
  let column = Number.NaN;
  let [first, low, high, last] = [0, 0, 0, 0];
  let open = false;
  let single = false;
  const line = (height: number) => {
    if (open) path.lineTo(column, height);
    else path.moveTo(column, height);
    single = !open;
    open = true;
  };
  const flush = () => {
    if (Number.isNaN(column)) return;
    line(first);
    if (low !== first && low !== last) path.lineTo(column, low);
    if (high !== first && high !== last) path.lineTo(column, high);
    if (last !== first) path.lineTo(column, last);
    single &&= first === last && low === high;
  };
  const end = () => {
    flush();
    // Round caps make a dot of a line without length.
    if (single) path.lineTo(column + 0.01, last);
    open = single = false;
    column = Number.NaN;
  };
  for (let index = from; index <= to; index++) {
    const across = Math.round(x(xs[index] ?? Number.NaN));
    const exact = y(ys[index] ?? Number.NaN);
    if (!Number.isFinite(exact) || Number.isNaN(across)) {
      end();
      continue;
    }
    const height = exact > FAR ? FAR : exact < -FAR ? -FAR : exact;
    if (across === column) {
      if (height < low) low = height;
      if (height > high) high = height;
      last = height;
    } else {
      flush();
      column = across;
      first = low = high = last = height;
    }
  }
  end();
}

/** The dots of a curve whose points lie far apart. */
export function dots(path: Path2D, curve: Drawn, seen: Range, painter: Painter): void {
  const { xs, ys } = curve;
  const from = firstAtLeast(xs, seen[0]);
  const to = firstAtLeast(xs, seen[1] + Number.MIN_VALUE);
  if ((to - from) * DOTS_FROM * painter.ratio > painter.width) return;
  const radius = 2.5 * painter.ratio;
  for (let index = from; index < to; index++) {
    const [across, height] = [painter.x(xs[index] ?? Number.NaN), painter.y(ys[index] ?? Number.NaN)];
    if (!Number.isFinite(across) || !Number.isFinite(height) || Math.abs(height) > FAR) continue;
    path.moveTo(across + radius, height);
    path.arc(across, height, radius, 0, 2 * Math.PI);
  }
}

const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3]];

/** The dash of a curve, in canvas pixels: curves whose colour is the same have another one. */
export function dashOf(look: number, colours: number, ratio: number): number[] {
  return (DASHES[Math.floor(look / colours) % DASHES.length] ?? []).map((part) => part * ratio);
}
