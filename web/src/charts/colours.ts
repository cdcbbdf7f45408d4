import { useSyncExternalStore } from 'react';
import '../styles/charts.css';

/** The colours of charts as they are in the theme that is shown. */
export interface ChartColours {
  readonly lines: readonly string[];
  readonly background: string;
  readonly text: string;
  readonly grid: string;
  readonly axis: string;
  readonly shade: string;
  /** From few to much. */
  readonly ramp: readonly [string, string, string];
  readonly font: string;
}

const LINES = 8;
let current: ChartColours | undefined;
const listeners = new Set<() => void>();
let watching = false;

function read(): ChartColours {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--chart-${name}`).trim();
  return {
    lines: Array.from({ length: LINES }, (_, index) => token(String(index + 1))),
    background: token('background'),
    text: token('text'),
    grid: token('grid'),
    axis: token('axis'),
    shade: token('shade'),
    ramp: [token('low'), token('middle'), token('high')],
    font: getComputedStyle(document.body).fontFamily,
  };
}

function watch(): void {
  watching = true;
  const changed = () => {
    current = undefined;
    for (const listener of listeners) listener();
  };
  new MutationObserver(changed).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
}

function subscribe(listener: () => void): () => void {
  if (!watching) watch();
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The colours; others when the theme changes. */
export function useChartColours(): ChartColours {
  return useSyncExternalStore(subscribe, () => (current ??= read()));
}

/** The colour of the thing at a position. */
export function colourOf({ lines }: ChartColours, look: number): string {
  return lines[look % lines.length] ?? '';
}

/** A colour of the ramp; `part` from 0 to 1. */
export function rampColour({ ramp }: ChartColours, part: number): readonly [number, number, number] {
  const [low, middle, high] = ramp.map(channels);
  const [from, to, within] = part < 0.5 ? [low, middle, part * 2] : [middle, high, part * 2 - 1];
  const mixed = (channel: number) => Math.round((from?.[channel] ?? 0) * (1 - within) + (to?.[channel] ?? 0) * within);
  return [mixed(0), mixed(1), mixed(2)];
}

function channels(hex: string): number[] {
  return [1, 3, 5].map((start) => Number.parseInt(hex.slice(start, start + 2), 16));
}
