import { useCallback, useMemo, useRef } from 'react';
import { useLanguage, useT } from '../i18n';
import { ChartFrame } from './ChartFrame';
import { colourOf, useChartColours } from './colours';
import { shortNumber } from './formats';
import type { Painter } from './painting';
import { Plot, type PlotHandle } from './Plot';
import type { Axis } from './types';

export interface BarChartProps {
  readonly title: string;
  readonly items: readonly { readonly name: string; readonly value: number; readonly look?: number }[];
  /** What the values are. */
  readonly label?: string;
}

const BAR = 26;
const AXES = 64;
const ROOM = 0.14;

/** One bar for each thing, from zero; not finite values stand in words. */
export function BarChart({ title, items, label }: BarChartProps) {
  const t = useT();
  const language = useLanguage();
  const colours = useChartColours();
  const handle = useRef<PlotHandle>(null);
  // The first one stands on top.
  const listed = useMemo(() => items.map((item, index) => ({ ...item, look: item.look ?? index })).reverse(), [items]);
  const words = useMemo(() => listed.map((item) => item.name), [listed]);
  const x: Axis = label === undefined ? {} : { label };
  const finite = items.map((item) => item.value).filter(Number.isFinite);
  const [least, greatest] = [Math.min(0, ...finite), Math.max(0, ...finite)];
  const space = (greatest - least || 1) * ROOM;
  const paint = useCallback(
    (painter: Painter) => {
      const { context, ratio } = painter;
      context.font = `${12 * ratio}px ${colours.font}`;
      context.textBaseline = 'middle';
      listed.forEach(({ value, look }, index) => {
        const [zero, middle, half] = [painter.x(0), painter.y(index), Math.abs(painter.y(0.36) - painter.y(0))];
        const end = Number.isFinite(value) ? painter.x(value) : zero;
        context.fillStyle = colourOf(colours, look);
        context.fillRect(Math.min(zero, end), middle - half, Math.abs(end - zero), 2 * half);
        context.fillStyle = colours.text;
        context.textAlign = end < zero ? 'right' : 'left';
        context.fillText(shortNumber(value, language), end + (end < zero ? -6 : 6) * ratio, middle);
      });
    },
    [listed, colours, language],
  );
  return (
    <ChartFrame
      title={title}
      plot={handle}
      table={() => ({ columns: [t('compare.chart_name'), label ?? t('compare.chart_value')], rows: items.map((item) => [item.name, item.value]) })}
    >
      <Plot
        label={title}
        height={Math.max(3, items.length) * BAR + AXES}
        x={x}
        y={{ kind: 'words', words }}
        xRange={[least < 0 ? least - space : 0, greatest > 0 || least === 0 ? greatest + space : 0]}
        yRange={[-0.6, items.length - 0.4]}
        paint={paint}
        handle={handle}
      />
    </ChartFrame>
  );
}
