import { colourOf, rampColour, type ChartColours } from './colours';
import { axisValue, shortNumber } from './formats';
import type { Painter } from './painting';
import type { Hover } from './plot_options';
import type { TooltipContent } from './Tooltip';
import type { Axis, Range } from './types';

/** A thing at two values; a third one gives its colour. */
export interface ScatterPoint {
  readonly id: string;
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** A value on the ramp of colours. */
  readonly shade?: number;
  /** The colour without a shade; the first one when left out. */
  readonly look?: number;
}

/** More points are drawn as small squares. */
const MANY = 5_000;

/** A point's colour. */
export function pointColour(point: ScatterPoint, shades: Range, colours: ChartColours): string {
  if (point.shade === undefined) return colourOf(colours, point.look ?? 0);
  if (!Number.isFinite(point.shade)) return colours.axis;
  const [red, green, blue] = rampColour(colours, (point.shade - shades[0]) / (shades[1] - shades[0]));
  return `rgb(${red}, ${green}, ${blue})`;
}

/** Draw the points. */
export function paintPoints(painter: Painter, points: readonly ScatterPoint[], shades: Range, colours: ChartColours): void {
  const { context, ratio, left, top, width, height } = painter;
  if (points.length > MANY) return paintMany(painter, points, shades, colours);
  const radius = 5 * ratio;
  context.lineWidth = ratio;
  context.strokeStyle = colours.background;
  context.globalAlpha = 0.9;
  for (const point of points) {
    const [x, y] = [painter.x(point.x), painter.y(point.y)];
    // NaN lies nowhere, and what is not seen takes no time.
    if (!(x > left - radius && x < left + width + radius && y > top - radius && y < top + height + radius)) continue;
    context.fillStyle = pointColour(point, shades, colours);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
  context.globalAlpha = 1;
}

const BUCKETS = 32;

/** Colours are set once for all points of nearly the same shade: setting one takes longer than drawing a point. */
function paintMany(painter: Painter, points: readonly ScatterPoint[], shades: Range, colours: ChartColours): void {
  const { context, ratio, left, top, width, height } = painter;
  const size = 3 * ratio;
  const groups = new Map<number, ScatterPoint[]>();
  for (const point of points) {
    const part = point.shade === undefined ? -1 - ((point.look ?? 0) % colours.lines.length) : (point.shade - shades[0]) / (shades[1] - shades[0]);
    const key = part < 0 ? part : Math.round(part * BUCKETS);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [point]);
    else group.push(point);
  }
  context.globalAlpha = 0.6;
  for (const group of groups.values()) {
    if (group[0] !== undefined) context.fillStyle = pointColour(group[0], shades, colours);
    for (const point of group) {
      const [x, y] = [painter.x(point.x), painter.y(point.y)];
      if (x > left - size && x < left + width + size && y > top - size && y < top + height + size) context.fillRect(x - size / 2, y - size / 2, size, size);
    }
  }
  context.globalAlpha = 1;
}

/** The point nearest to the cursor, as the axes measure. */
export function nearestPoint(points: readonly ScatterPoint[], at: Hover, [x, y]: readonly [Axis, Axis], [across, up]: readonly [Range, Range]): ScatterPoint | null {
  const part = (axis: Axis, [least, greatest]: Range) =>
    axis.log
      ? (value: number, other: number) => Math.log(value / other) / Math.log(greatest / least)
      : (value: number, other: number) => (value - other) / (greatest - least);
  const [dx, dy] = [part(x, across), part(y, up)];
  let nearest: ScatterPoint | null = null;
  let distance = Number.POSITIVE_INFINITY;
  for (const point of points) {
    const far = dx(point.x, at.x) ** 2 + dy(point.y, at.y) ** 2;
    if (far < distance) [nearest, distance] = [point, far];
  }
  return nearest;
}

/** What is said of a point. */
export function pointTooltip(point: ScatterPoint, at: Hover, x: Axis, y: Axis, shadeLabel: string | undefined, language: string): TooltipContent {
  const row = (name: string, value: string) => ({ name, value, colour: 'transparent', isNearest: false });
  return {
    left: at.left,
    top: at.top,
    width: at.width,
    head: point.name,
    rows: [
      row(x.label ?? '', axisValue(x, point.x, language)),
      row(y.label ?? '', axisValue(y, point.y, language)),
      ...(point.shade === undefined ? [] : [row(shadeLabel ?? '', shortNumber(point.shade, language))]),
    ],
    more: 0,
  };
}
