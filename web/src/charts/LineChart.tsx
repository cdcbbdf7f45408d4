import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLanguage, useT } from '../i18n';
import { ChartFrame } from './ChartFrame';
import { colourOf, useChartColours } from './colours';
import { drawn } from './curves';
import { Legend, type SwitchedEntry } from './Legend';
import { curvesTable, tooltipOf } from './line_contents';
import { paintLines, type Line } from './line_painting';
import type { Painter } from './painting';
import { Plot, type PlotHandle } from './Plot';
import type { Hover } from './plot_options';
import { changed, padded, rangeOfX, rangeOfY } from './ranges';
import { ResetButton } from './ResetButton';
import { newSignal } from './signal';
import { smoothedCurve } from './smoothing';
import { Tooltip, type TooltipContent } from './Tooltip';
import type { Axis, Curve, CurveAxis, Range } from './types';
import type { Move } from './use_panning';

export interface LineChartProps {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** Steps when left out. */
  readonly axis?: CurveAxis;
  readonly xLabel?: string;
  readonly yLabel?: string;
  readonly logX?: boolean;
  readonly logY?: boolean;
  /** 0 to below 1: what the average so far counts; the curves as they were logged stay faintly. */
  readonly smoothing?: number;
  /** Percent of the values at either end that the range of y does not follow. */
  readonly outliers?: number;
  /** CSS pixels of the plot. */
  readonly height?: number;
  /** Ids of curves that are switched off; kept by the chart itself when left out. */
  readonly hidden?: readonly string[];
  readonly onHidden?: (hidden: readonly string[]) => void;
  /** The part that is seen, of `axis`; kept by the chart itself when left out. Null: all. */
  readonly zoom?: Range | null;
  /** A quarter of a second after the last move: also the time to read more points. */
  readonly onZoom?: (zoom: Range | null) => void;
  /** Charts of one name share the cursor. */
  readonly group?: string;
}

const NONE: readonly string[] = [];
const SETTLED_MILLISECONDS = 250;
/** Curves of so few points have dots. */
const FEW = 30;

/** Curves over steps or time; live when `curves` are replaced by longer ones. */
export function LineChart(props: LineChartProps) {
  const { curves, axis = 'step', logX = false, logY = false, smoothing = 0, outliers = 0, height = 260 } = props;
  const t = useT();
  const language = useLanguage();
  const colours = useChartColours();
  const handle = useRef<PlotHandle>(null);
  const [tooltip] = useState(() => newSignal<TooltipContent | null>(null));
  const [focus, setFocus] = useState<string | null>(null);
  const [ownHidden, setOwnHidden] = useState<readonly string[]>(NONE);
  const hiddenIds = props.hidden ?? ownHidden;
  const hidden = useMemo(() => new Set(hiddenIds), [hiddenIds]);
  const [zoom, setZoom] = useZoom(props.zoom, props.onZoom, `${axis} ${logX}`);

  const lines = useMemo<readonly Line[]>(
    () =>
      curves.map((curve, index) => {
        const raw = drawn(curve, axis);
        return { id: curve.id, name: curve.name, look: curve.look ?? index, raw, shown: smoothedCurve(raw, smoothing) };
      }),
    [curves, axis, smoothing],
  );
  const visible = useMemo(() => lines.filter((line) => !hidden.has(line.id)), [lines, hidden]);
  const whole = useMemo<Range>(() => {
    const shown = (visible.length > 0 ? visible : lines).map((line) => line.raw);
    const range = rangeOfX(shown, logX) ?? [logX ? 1 : 0, 10];
    // Few points are drawn as dots, and those at the ends whole.
    return !logX && shown.every(({ xs }) => xs.length <= FEW) ? padded(range, false) : range;
  }, [visible, lines, logX]);
  const xRange = zoom ?? whole;
  const yRange = useMemo<Range>(
    () => rangeOfY(visible.map((line) => (smoothing > 0 && outliers > 0 ? line.shown : line.raw)), xRange, outliers, logY) ?? (logY ? [0.1, 10] : [0, 1]),
    [visible, xRange, outliers, logY, smoothing],
  );
  const entries = useMemo<readonly SwitchedEntry[]>(
    () => lines.map(({ id, name, look }) => ({ id, name, look, colour: colourOf(colours, look) })),
    [lines, colours],
  );
  const paint = useCallback(
    (painter: Painter) => paintLines(painter, visible, xRange, colours, focus),
    [visible, xRange, colours, focus],
  );
  const x: Axis = {
    log: logX,
    kind: axis === 'step' ? 'number' : axis === 'time' ? 'time' : 'duration',
    label: props.xLabel ?? t(`compare.chart_axis_${axis}`),
  };
  const y: Axis = { log: logY, ...(props.yLabel === undefined ? {} : { label: props.yLabel }) };
  const onHover = (at: Hover | null) => tooltip.set(at && tooltipOf(at, visible, x, colours, language));
  const onMove = (move: Move) => setZoom((last) => changed(last ?? whole, logX, move));
  return (
    <ChartFrame
      title={props.title}
      plot={handle}
      entries={entries.filter((entry) => !hidden.has(entry.id))}
      table={() => curvesTable(visible, x, t)}
      actions={
        zoom !== null && <ResetButton onClick={() => setZoom(() => null)} />
      }
    >
      <Plot
        label={t('compare.chart_keys', { title: props.title })}
        height={height}
        x={x}
        y={y}
        xRange={xRange}
        yRange={yRange}
        paint={paint}
        onHover={onHover}
        onSelect={(range) => setZoom(() => range)}
        onMove={onMove}
        onReset={() => setZoom(() => null)}
        sync={props.group}
        handle={handle}
      >
        <Tooltip signal={tooltip} />
      </Plot>
      {lines.length > 1 && <Legend entries={entries} hidden={hidden} onHidden={props.onHidden ?? setOwnHidden} onFocus={setFocus} />}
    </ChartFrame>
  );
}

/** The part that is seen: at once here, and told to the parent once it rests. Another axis shows all. */
function useZoom(given: Range | null | undefined, onZoom: ((zoom: Range | null) => void) | undefined, axis: string) {
  const [own, setOwn] = useState<Range | null>(given ?? null);
  const timer = useRef<number | undefined>(undefined);
  const tell = useRef(onZoom);
  tell.current = onZoom;
  const told = useRef(given?.join());
  if (given !== undefined && given?.join() !== told.current) {
    told.current = given?.join();
    setOwn(given);
  }
  const first = useRef(axis);
  useEffect(() => {
    if (first.current === axis) return;
    first.current = axis;
    setOwn(null);
  }, [axis]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const change = useCallback((next: (last: Range | null) => Range | null) => {
    setOwn((last) => {
      const range = next(last);
      window.clearTimeout(timer.current);
      timer.current = window.setTimeout(() => tell.current?.(range), SETTLED_MILLISECONDS);
      return range;
    });
  }, []);
  return [own, change] as const;
}
