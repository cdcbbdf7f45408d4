import { useEffect, useLayoutEffect, useRef, type KeyboardEvent, type ReactNode, type RefObject } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useLanguage } from '../i18n';
import { useChartColours } from './colours';
import type { Painter } from './painting';
import styles from './Plot.module.css';
import { plotOptions, type Hover, type PlotState } from './plot_options';
import { usePanning, type Move } from './use_panning';
import type { Axis, Range } from './types';

/** What a chart's parent may do with the plot. */
export interface PlotHandle {
  readonly canvas: () => HTMLCanvasElement | null;
}

interface PlotProps {
  /** What a screen reader says of it. */
  readonly label: string;
  /** CSS pixels; the width is that of the element around it. */
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
  readonly xRange: Range;
  readonly yRange: Range;
  /** Draws the contents, clipped to the plot's area; another function when they are others. */
  readonly paint: (painter: Painter) => void;
  readonly onHover?: (at: Hover | null) => void;
  /** A part was selected by dragging. */
  readonly onSelect?: (x: Range, y: Range) => void;
  /** The plot is moved or scaled along x, by pointer, wheel or key. */
  readonly onMove?: (move: Move) => void;
  /** Double click, or the key 0. */
  readonly onReset?: () => void;
  readonly dragY?: boolean;
  /** Plots of one name show their cursors at the same x. */
  readonly sync?: string | undefined;
  readonly handle?: RefObject<PlotHandle | null>;
  /** Lies over the plot's area. */
  readonly children?: ReactNode;
}

/** Axes, grid, zoom and cursor by uPlot, around contents that are painted. Follows its element's width and the theme. */
export function Plot(props: PlotProps) {
  const colours = useChartColours();
  const language = useLanguage();
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { x, y, xRange, yRange, onHover, onSelect, paint, height, dragY = false, sync } = props;
  const shown: PlotState = { x, y, xRange, yRange, colours, language, onHover, onSelect, paint: (painter) => clipped(painter, paint) };
  const state = useRef(shown);
  state.current = shown;
  const made = JSON.stringify([x.kind, x.log, x.label, x.words !== undefined, y.kind, y.log, y.label, y.words !== undefined, dragY, sync]);

  useLayoutEffect(() => {
    const target = element.current;
    if (target === null) return;
    const size = () => ({ width: Math.max(120, target.clientWidth), height });
    const current = new uPlot(plotOptions(() => state.current, size(), { dragY, sync }), [[0, 1], [null, null]], target);
    plot.current = current;
    const observer = new ResizeObserver(() => {
      if (size().width !== current.width) current.setSize(size());
    });
    observer.observe(target);
    return () => {
      observer.disconnect();
      current.destroy();
      plot.current = null;
    };
  }, [made, height]);

  useLayoutEffect(() => {
    plot.current?.batch((current: uPlot) => {
      current.setScale('x', { min: xRange[0], max: xRange[1] });
      current.setScale('y', { min: yRange[0], max: yRange[1] });
      current.redraw(false, true);
    });
  }, [made, height, xRange[0], xRange[1], yRange[0], yRange[1], paint, colours, language, y.words]);

  useEffect(() => {
    if (props.handle) props.handle.current = { canvas: () => plot.current?.ctx.canvas ?? null };
  });
  usePanning(element, props.onMove, props.onReset, made);

  return (
    <div
      className={styles.plot}
      ref={element}
      role="application"
      aria-label={props.label}
      tabIndex={0}
      onKeyDown={(event) => keyed(event, plot.current, props)}
    >
      {props.children}
    </div>
  );
}

function clipped(painter: Painter, paint: (painter: Painter) => void): void {
  const { context, left, top, width, height } = painter;
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  paint(painter);
  context.restore();
}

/** Arrows move the cursor, with shift the plot; plus and minus scale; 0 shows all. */
function keyed(event: KeyboardEvent, plot: uPlot | null, { onMove, onReset }: PlotProps): void {
  if (plot === null || event.ctrlKey || event.metaKey || event.altKey) return;
  const direction = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
  if (direction !== 0 && event.shiftKey) onMove?.({ by: direction * 0.1 });
  else if (direction !== 0) moveCursor(plot, direction);
  else if (event.key === '+' || event.key === '=') onMove?.({ factor: 0.7 });
  else if (event.key === '-') onMove?.({ factor: 1 / 0.7 });
  else if (event.key === '0') onReset?.();
  else if (event.key === 'Escape') plot.setCursor({ left: -10, top: -10 });
  else return;
  event.preventDefault();
}

function moveCursor(plot: uPlot, direction: number): void {
  const { clientWidth, clientHeight } = plot.over;
  const { left = -1, top = -1 } = plot.cursor;
  const next = left < 0 ? clientWidth / 2 : Math.min(clientWidth, Math.max(0, left + direction * Math.max(4, clientWidth / 100)));
  plot.setCursor({ left: next, top: top < 0 ? clientHeight / 2 : top });
}
