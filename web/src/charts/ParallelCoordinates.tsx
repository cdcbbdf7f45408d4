import { useEffect, useLayoutEffect, useMemo, useRef, useState, type PointerEvent } from 'react';
import { useLanguage, useT } from '../i18n';
import { AxisBrush } from './AxisBrush';
import { ChartFrame } from './ChartFrame';
import { useChartColours } from './colours';
import { axisValue } from './formats';
import { isChosen, layout, lineAt, paintParallel, TOP, type Brushes, type ParallelAxis, type ParallelItem } from './parallel_contents';
import styles from './ParallelCoordinates.module.css';
import type { PlotHandle } from './Plot';
import { ResetButton } from './ResetButton';
import { newSignal } from './signal';
import { Tooltip, type TooltipContent } from './Tooltip';

export interface ParallelCoordinatesProps {
  readonly title: string;
  /** The last one gives the lines their colours. */
  readonly axes: readonly ParallelAxis[];
  readonly items: readonly ParallelItem[];
  readonly brushes: Brushes;
  readonly onBrushes: (brushes: Brushes) => void;
  readonly height?: number;
}

/** CSS pixels between two axes, at least: beyond that the chart scrolls. */
const LEAST_SPACE = 96;

/** Things as lines over several axes of numbers or words; parts of axes are chosen by dragging along them. */
export function ParallelCoordinates({ title, axes, items, brushes, onBrushes, height = 380 }: ParallelCoordinatesProps) {
  const t = useT();
  const language = useLanguage();
  const colours = useChartColours();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const handle = useRef<PlotHandle>(null);
  const [tooltip] = useState(() => newSignal<TooltipContent | null>(null));
  const [focus, setFocus] = useState<string | null>(null);
  const width = Math.max(useWidth(box), axes.length * LEAST_SPACE);
  const laid = useMemo(() => layout(axes, items, width, height), [axes, items, width, height]);

  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!canvas.current || !context) return;
    canvas.current.width = Math.round(width * devicePixelRatio);
    canvas.current.height = Math.round(height * devicePixelRatio);
    context.scale(devicePixelRatio, devicePixelRatio);
    paintParallel(context, laid, items, brushes, colours, { height, language, focus });
  }, [laid, items, brushes, colours, height, width, language, focus]);
  useEffect(() => {
    handle.current = { canvas: () => canvas.current };
  }, []);

  const onMove = (event: PointerEvent) => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const item = lineAt(laid, items.filter((one) => isChosen(one, axes, brushes)), x, y);
    setFocus(item?.id ?? null);
    const row = (axis: ParallelAxis, index: number) => ({
      name: axis.label,
      value: Number.isFinite(item?.values[index] ?? Number.NaN) ? axisValue(axis, item?.values[index] ?? 0, language) : '–',
      colour: 'transparent',
      isNearest: false,
    });
    tooltip.set(item && { left: x, top: y, width, head: item.name, rows: axes.map(row), more: 0 });
  };
  const onBrush = (id: string, brush: Brushes[string] | undefined) => {
    const { [id]: _, ...others } = brushes;
    onBrushes(brush === undefined ? others : { ...others, [id]: brush });
  };
  const table = () => ({
    columns: [t('compare.chart_name'), ...axes.map((axis) => axis.label)],
    rows: items
      .filter((item) => isChosen(item, axes, brushes))
      .map((item) => [item.name, ...item.values.map((value, index) => (axes[index]?.words ? (axes[index].words[value] ?? null) : value))]),
  });
  return (
    <ChartFrame
      title={title}
      plot={handle}
      table={table}
      actions={
        Object.keys(brushes).length > 0 && (
          <ResetButton onClick={() => onBrushes({})} />
        )
      }
    >
      <div className={styles.box} ref={box}>
        <div className={styles.area} style={{ width, height }} onPointerMove={onMove} onPointerLeave={() => (setFocus(null), tooltip.set(null))}>
          <canvas ref={canvas} className={styles.canvas} role="img" aria-label={t('compare.chart_parallel_keys', { title })} />
          {laid.map((one) => (
            <AxisBrush
              key={one.axis.id}
              laid={one}
              height={one.y(one.range[0]) - TOP}
              brush={brushes[one.axis.id]}
              onBrush={(brush) => onBrush(one.axis.id, brush)}
            />
          ))}
          <Tooltip signal={tooltip} />
        </div>
      </div>
      <p className={styles.count}>
        {t('compare.chart_chosen', { chosen: items.filter((item) => isChosen(item, axes, brushes)).length, count: items.length })}
      </p>
    </ChartFrame>
  );
}

/** The width of an element, as it changes. */
function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(600);
  useLayoutEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 600));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
