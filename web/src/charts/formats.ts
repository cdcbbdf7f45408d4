import type { Axis } from './types';

const DAY = 86_400;

/** A number in few digits, as axes and tables show it. */
export function shortNumber(value: number, language: string, digits = 5): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  const notation = size !== 0 && (size >= 1e7 || size < 1e-4) ? 'scientific' : 'standard';
  // As metrics are written elsewhere: 4.32e−6.
  const text = new Intl.NumberFormat(language, { maximumSignificantDigits: digits, notation }).format(value);
  return notation === 'standard' ? text : text.replace('E', 'e').replaceAll('-', '−');
}

/** Seconds as `1:02:03`, short ones with parts of seconds. */
export function shortDuration(seconds: number, language: string): string {
  const sign = seconds < 0 ? '−' : '';
  const size = Math.abs(seconds);
  if (size < 60) return `${sign}${shortNumber(size, language, 3)} s`;
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const [hours, minutes] = [Math.floor(size / 3_600), (size % 3_600) / 60];
  const tail = hours > 0 ? `${hours}:${two(minutes)}:${two(size % 60)}` : `${Math.floor(minutes)}:${two(size % 60)}`;
  return `${sign}${tail}`;
}

/** A moment in a tooltip or table. */
export function moment(milliseconds: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(milliseconds);
}

/** A value of an axis, in full. */
export function axisValue(axis: Axis, value: number, language: string): string {
  if (axis.kind === 'time') return moment(value, language);
  if (axis.kind === 'duration') return shortDuration(value, language);
  if (axis.kind === 'words') return axis.words?.[Math.round(value)] ?? '';
  return shortNumber(value, language, 7);
}

/** What stands at the ticks of an axis; `step` is how far they lie apart. */
export function ticks(axis: Axis, values: readonly number[], step: number, language: string): string[] {
  if (axis.kind === 'time') {
    const seconds = step / 1_000;
    const format = new Intl.DateTimeFormat(language, seconds >= DAY ? { month: 'short', day: 'numeric' } : clock(seconds));
    return values.map((value) => format.format(value));
  }
  if (axis.kind === 'words') return values.map((value) => shortened(axis.words?.[value] ?? '', 26));
  if (axis.kind === 'duration') return values.map((value) => shortDuration(value, language));
  return values.map((value) => shortNumber(value, language));
}

function clock(seconds: number): Intl.DateTimeFormatOptions {
  const hours: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  return seconds < 60 ? { ...hours, second: '2-digit' } : hours;
}

/** A long text with its middle left out, since names differ at their ends. */
export function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const half = (longest - 1) / 2;
  return `${text.slice(0, Math.ceil(half))}…${text.slice(-Math.floor(half))}`;
}
