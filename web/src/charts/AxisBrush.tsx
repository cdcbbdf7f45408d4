import { useRef, type KeyboardEvent, type PointerEvent } from 'react';
import { useLanguage, useT } from '../i18n';
import styles from './AxisBrush.module.css';
import { axisValue } from './formats';
import { TOP, type LaidAxis } from './parallel_contents';
import type { Range } from './types';

interface AxisBrushProps {
  readonly laid: LaidAxis;
  readonly height: number;
  readonly brush: Range | undefined;
  readonly onBrush: (brush: Range | undefined) => void;
}

const KEY_STEP = 0.02;
/** CSS pixels; shorter drags are clicks. */
const CLICK = 4;

/** Chooses a part of an axis: by dragging along it, or with two sliders by keys; a click chooses all again. */
export function AxisBrush({ laid, height, brush, onBrush }: AxisBrushProps) {
  const t = useT();
  const language = useLanguage();
  const start = useRef<number | null>(null);
  const element = useRef<HTMLDivElement>(null);
  const { axis, range, left, y, value } = laid;
  const [low, high] = brush ?? range;
  const length = y(range[0]) - y(range[1]);
  const at = (event: PointerEvent) => {
    const top = element.current?.getBoundingClientRect().top ?? 0;
    return Math.min(Math.max(event.clientY - top, 0), length) + TOP;
  };
  const drag = (event: PointerEvent) => {
    if (start.current === null) return;
    const [from, to] = [start.current, at(event)];
    if (Math.abs(to - from) >= CLICK) onBrush([value(Math.max(from, to)), value(Math.min(from, to))]);
  };
  const press = (event: PointerEvent) => {
    start.current = at(event);
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const release = (event: PointerEvent) => {
    if (start.current !== null && Math.abs(at(event) - start.current) < CLICK) onBrush(undefined);
    start.current = null;
  };
  const key = (end: 0 | 1) => (event: KeyboardEvent) => {
    const direction = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
    if (event.key === 'Escape' || event.key === 'Delete') onBrush(undefined);
    if (direction === 0) return;
    event.preventDefault();
    const moved = value(y(end === 0 ? low : high) + direction * length * KEY_STEP);
    const next: Range = end === 0 ? [Math.max(range[0], Math.min(moved, high)), high] : [low, Math.min(range[1], Math.max(moved, low))];
    onBrush(next);
  };
  return (
    <div
      ref={element}
      className={styles.axis}
      style={{ left: left - 12, top: TOP, height: height }}
      onPointerDown={press}
      onPointerMove={drag}
      onPointerUp={release}
    >
      {brush !== undefined && <div className={styles.part} style={{ top: y(high) - TOP, height: Math.max(2, y(low) - y(high)) }} />}
      {([1, 0] as const).map((end) => (
        <div
          key={end}
          className={styles.handle}
          style={{ top: y(end === 0 ? low : high) - TOP }}
          role="slider"
          tabIndex={0}
          aria-orientation="vertical"
          aria-label={t(end === 0 ? 'compare.chart_least' : 'compare.chart_greatest', { axis: axis.label })}
          aria-valuemin={range[0]}
          aria-valuemax={range[1]}
          aria-valuenow={end === 0 ? low : high}
          aria-valuetext={axisValue(axis, axis.words ? (end === 0 ? Math.ceil(low) : Math.floor(high)) : end === 0 ? low : high, language)}
          onKeyDown={key(end)}
        />
      ))}
    </div>
  );
}
