import { colourOf, type ChartColours } from './colours';
import type { Drawn } from './curves';
import { dashOf, dots, trace, type Painter } from './painting';
import type { Range } from './types';

/** A curve as the chart shows it: as it was logged, and as it is smoothed (the same when it is not). */
export interface Line {
  readonly id: string;
  readonly name: string;
  readonly look: number;
  readonly raw: Drawn;
  readonly shown: Drawn;
}

const FAINT = 0.25;
const WIDTH = 1.6;

/** Draw the lines; all but the one in focus faintly. */
export function paintLines(painter: Painter, lines: readonly Line[], seen: Range, colours: ChartColours, focus: string | null): void {
  const { context, ratio } = painter;
  // Round joins of thousands of short lines take several times as long, and are not seen.
  context.lineJoin = 'bevel';
  context.lineCap = 'round';
  // Those as they were logged lie below all smoothed ones.
  for (const line of lines) if (line.raw !== line.shown) stroke(line, line.raw, FAINT, WIDTH * 0.7);
  for (const line of lines) {
    const isFocus = line.id === focus;
    stroke(line, line.shown, focus === null || isFocus ? 1 : 0.15, isFocus ? WIDTH * 1.8 : WIDTH);
  }

  function stroke(line: Line, curve: Drawn, alpha: number, width: number): void {
    const path = new Path2D();
    trace(path, curve, seen, painter);
    context.globalAlpha = alpha;
    context.strokeStyle = colourOf(colours, line.look);
    context.lineWidth = width * ratio;
    context.setLineDash(dashOf(line.look, colours.lines.length, ratio));
    context.stroke(path);
    const points = new Path2D();
    dots(points, curve, seen, painter);
    context.fillStyle = context.strokeStyle;
    context.fill(points);
    context.globalAlpha = 1;
  }
}
