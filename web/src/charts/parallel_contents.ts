import { rampColour, type ChartColours } from './colours';
import { shortened, shortNumber } from './formats';
import { positions } from './painting';
import { extentOf } from './ranges';
import type { Axis, Range } from './types';

/** An axis of parallel coordinates. */
export interface ParallelAxis extends Axis {
  /** Unique in the chart. */
  readonly id: string;
  readonly label: string;
}

/** A thing with a value on each axis; of axes with words the position in them. Not finite: it has none there. */
export interface ParallelItem {
  readonly id: string;
  readonly name: string;
  readonly values: readonly number[];
}

/** Which parts of axes are chosen: things outside of one of them are faint. */
export type Brushes = Readonly<Record<string, Range>>;

/** An axis with its range and where it stands, in CSS pixels. */
export interface LaidAxis {
  readonly axis: ParallelAxis;
  readonly range: Range;
  readonly left: number;
  /** From a value to pixels from above. */
  readonly y: (value: number) => number;
  /** And back. */
  readonly value: (y: number) => number;
}

export const TOP = 34;
const BOTTOM = 14;
const SIDE = 92;
const TICKS = 5;
const LABEL = 7;

/** Where all axes stand in a chart of some size. */
export function layout(axes: readonly ParallelAxis[], items: readonly ParallelItem[], width: number, height: number): LaidAxis[] {
  const length = height - TOP - BOTTOM;
  return axes.map((axis, index) => {
    const range: Range = axis.words ? [-0.5, axis.words.length - 0.5] : extentOf(items.map((item) => item.values[index] ?? Number.NaN), axis.log);
    const [least, greatest] = axis.log ? [Math.log10(range[0]), Math.log10(range[1])] : range;
    return {
      axis,
      range,
      left: SIDE + (axes.length > 1 ? (index * (width - 1.5 * SIDE)) / (axes.length - 1) : 0),
      y: positions(range, axis.log ?? false, TOP + length, -length),
      value: (y) => {
        const plain = least + ((TOP + length - y) / length) * (greatest - least);
        return axis.log ? 10 ** plain : plain;
      },
    };
  });
}

/** Whether a thing lies within all brushes. */
export function isChosen(item: ParallelItem, axes: readonly ParallelAxis[], brushes: Brushes): boolean {
  return axes.every((axis, index) => {
    const brush = brushes[axis.id];
    const value = item.values[index] ?? Number.NaN;
    return brush === undefined || (value >= brush[0] && value <= brush[1]);
  });
}

/** Draw lines, axes, ticks and names. */
export function paintParallel(
  context: CanvasRenderingContext2D,
  laid: readonly LaidAxis[],
  items: readonly ParallelItem[],
  brushes: Brushes,
  colours: ChartColours,
  { height, language, focus }: { height: number; language: string; focus: string | null },
): void {
  const axes = laid.map((one) => one.axis);
  const last = laid.at(-1);
  const chosen = items.filter((item) => isChosen(item, axes, brushes));
  const shade = (item: ParallelItem) => {
    const part = last ? (last.y(last.range[0]) - last.y(item.values[laid.length - 1] ?? Number.NaN)) / (height - TOP - BOTTOM) : Number.NaN;
    return Number.isFinite(part) ? `rgb(${rampColour(colours, part).join(',')})` : colours.axis;
  };
  context.lineJoin = 'round';
  if (chosen.length < items.length) for (const item of items) stroke(item, colours.grid, 1);
  for (const item of chosen) stroke(item, shade(item), item.id === focus ? 3.5 : 1.5);
  context.strokeStyle = colours.axis;
  context.lineWidth = 1;
  context.font = `12px ${colours.font}`;
  const space = laid.length > 1 ? (laid[1]?.left ?? 0) - (laid[0]?.left ?? 0) : 200;
  for (const { axis, range, left, y } of laid) {
    context.beginPath();
    context.moveTo(left, TOP);
    context.lineTo(left, height - BOTTOM);
    context.stroke();
    context.textAlign = 'center';
    context.fillStyle = colours.text;
    context.fillText(shortened(axis.label, Math.max(6, Math.floor(space / LABEL))), left, TOP - 18);
    context.textAlign = 'right';
    for (const [value, text] of tickTexts(axis, range, language)) {
      // A rim of the background keeps it readable over lines.
      halo(shortened(text, Math.max(4, Math.floor(Math.min(space, 140) / LABEL) - 2)), left - 8, y(value) + 4);
    }
  }

  function halo(text: string, x: number, y: number): void {
    context.strokeStyle = colours.background;
    context.lineWidth = 4;
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
    context.strokeStyle = colours.axis;
    context.lineWidth = 1;
  }

  function stroke(item: ParallelItem, colour: string, width: number): void {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    let open = false;
    laid.forEach(({ left, y }, index) => {
      const height = y(item.values[index] ?? Number.NaN);
      if (!Number.isFinite(height)) open = false;
      else if (open) context.lineTo(left, height);
      else {
        context.moveTo(left, height);
        open = true;
      }
    });
    context.stroke();
  }
}

function tickTexts(axis: ParallelAxis, [least, greatest]: Range, language: string): (readonly [number, string])[] {
  if (axis.words) {
    const stride = Math.ceil(axis.words.length / 16);
    return axis.words.map((word, index) => [index, word] as const).filter(([index]) => index % stride === 0);
  }
  // Between whole numbers that lie close, such as seeds, there is nothing to tell.
  const isWhole = !axis.log && Number.isInteger(least) && Number.isInteger(greatest) && greatest - least < 10 * TICKS;
  return Array.from({ length: TICKS }, (_, index) => {
    const part = index / (TICKS - 1);
    const plain = least + (greatest - least) * part;
    const value = isWhole ? Math.round(plain) : axis.log ? least * (greatest / least) ** part : plain;
    return [value, shortNumber(value, language, isWhole ? 12 : 3)] as const;
  });
}

/** The thing whose line runs nearest to a point, within 12 pixels. */
export function lineAt(laid: readonly LaidAxis[], items: readonly ParallelItem[], x: number, y: number): ParallelItem | null {
  const right = laid.findIndex(({ left }) => left >= x);
  if (right <= 0) return null;
  const [from, to] = [laid[right - 1], laid[right]];
  if (!from || !to) return null;
  const part = (x - from.left) / (to.left - from.left);
  let nearest: ParallelItem | null = null;
  let distance = 12;
  for (const item of items) {
    const height = from.y(item.values[right - 1] ?? Number.NaN) * (1 - part) + to.y(item.values[right] ?? Number.NaN) * part;
    if (Math.abs(height - y) < distance) [nearest, distance] = [item, Math.abs(height - y)];
  }
  return nearest;
}
