import type { Translate } from '../i18n';
import { colourOf, type ChartColours } from './colours';
import { nearest } from './curves';
import { axisValue, shortNumber } from './formats';
import type { Line } from './line_painting';
import type { Hover } from './plot_options';
import type { TooltipContent } from './Tooltip';
import type { Axis, ChartTable } from './types';

const MOST_ROWS = 14;

/** The values at the cursor, greatest first; the nearest one is told apart. */
export function tooltipOf(at: Hover, lines: readonly Line[], x: Axis, colours: ChartColours, language: string): TooltipContent {
  const values = lines.flatMap((line) => {
    const index = nearest(line.shown, at.x);
    return index === null ? [] : [{ line, value: line.shown.ys[index] ?? Number.NaN, raw: line.raw.ys[index] ?? Number.NaN }];
  });
  values.sort((one, other) => (other.value || 0) - (one.value || 0) || Number(Number.isNaN(one.value)) - Number(Number.isNaN(other.value)));
  let closest = 0;
  values.forEach(({ value }, index) => {
    if (Math.abs(value - at.y) < Math.abs((values[closest]?.value ?? Number.NaN) - at.y)) closest = index;
  });
  // Of many curves those around the cursor are shown.
  const start = Math.max(0, Math.min(closest - MOST_ROWS / 2, values.length - MOST_ROWS));
  return {
    left: at.left,
    top: at.top,
    width: at.width,
    head: x.kind === 'number' ? shortNumber(Math.round(at.x), language, 12) : axisValue(x, at.x, language),
    rows: values.slice(start, start + MOST_ROWS).map(({ line, value, raw }, index) => ({
      name: line.name,
      value: shortNumber(value, language) + (line.raw === line.shown ? '' : ` (${shortNumber(raw, language)})`),
      colour: colourOf(colours, line.look),
      isNearest: start + index === closest && values.length > 1,
    })),
    more: Math.max(0, values.length - MOST_ROWS),
  };
}

/** All points of all curves, one a row. */
export function curvesTable(lines: readonly Line[], x: Axis, t: Translate): ChartTable {
  const isSmoothed = lines.some((line) => line.raw !== line.shown);
  const time = (value: number) => (x.kind === 'time' ? new Date(value).toISOString() : value);
  return {
    columns: [t('compare.chart_curve'), x.label ?? '', t('compare.chart_value'), ...(isSmoothed ? [t('compare.chart_smoothed')] : [])],
    rows: lines.flatMap(({ name, raw, shown }) =>
      Array.from(raw.xs, (value, index) => [
        name,
        time(value),
        raw.ys[index] ?? Number.NaN,
        ...(isSmoothed ? [shown.ys[index] ?? Number.NaN] : []),
      ]),
    ),
  };
}
