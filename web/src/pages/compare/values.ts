import type { ChartTable } from '../../charts';
import { seconds, type Comparison, type LastValue, type Row } from './comparison';

/** What stands in a cell. */
export interface Cell {
  /** Null: the side has no value. */
  readonly text: string | null;
  readonly number?: number;
  /** Behind the value, e.g. the step. */
  readonly note?: string;
  /** The change from the baseline's value in parts of it; null: there is none to tell. */
  readonly change?: number | null;
  /** Whether it is another value than the baseline's. */
  readonly isOther: boolean;
}

/** The rows that are shown. */
export function valueRows({ params, metrics, tags }: Comparison, all: boolean, q: string) {
  return { params: shownRows(params, all, q), metrics: shownRows(metrics, all, q), tags: shownRows(tags, all, q) };
}

/** The rows that differ, or all, whose keys have a text in them. */
export function shownRows<Shown extends Row<unknown>>(rows: readonly Shown[], all: boolean, q: string): Shown[] {
  const text = q.toLowerCase();
  return rows.filter((row) => (all || row.differs) && row.key.toLowerCase().includes(text));
}

/** Cells of a row of texts. */
export function textCell(row: Row<string>, baseline: number | null): Cell[] {
  return row.values.map((text, index) => ({ text, isOther: isOther(row.values, index, baseline) }));
}

/** Cells of a metric, with the change from the baseline. */
export function metricCell(row: Row<LastValue>, baseline: number | null): Cell[] {
  const numbers = row.values.map((last) => last?.value ?? null);
  const from = baseline === null ? null : (numbers[baseline] ?? null);
  return row.values.map((last, index) => ({
    text: last === null ? null : String(last.value),
    ...(last === null ? {} : { number: last.value, note: String(last.step) }),
    change: index === baseline ? null : relative(last?.value ?? null, from),
    isOther: isOther(numbers, index, baseline),
  }));
}

/** How far a value lies from another one, in parts of it; null where that says nothing. */
export function relative(value: number | null, from: number | null): number | null {
  if (value === null || from === null || !Number.isFinite(value) || !Number.isFinite(from) || from === 0) return null;
  return (value - from) / Math.abs(from);
}

function isOther(values: readonly (string | number | null)[], index: number, baseline: number | null): boolean {
  return baseline !== null && index !== baseline && !Object.is(values[index], values[baseline]);
}

/** The whole comparison as a table: one row a key, one column a side. */
export function comparisonTable(comparison: Comparison, words: Readonly<Record<'kind' | 'key' | 'info' | 'param' | 'metric' | 'tag', string>>): ChartTable {
  const { sides, params, metrics, tags } = comparison;
  const info = (key: string, values: readonly (string | number | null)[]) => [words.info, key, ...values];
  return {
    columns: [words.kind, words.key, ...sides.map((side) => side.name)],
    rows: [
      info('id', sides.map((side) => side.reference)),
      info('status', sides.map((side) => side.status)),
      info('created_at', sides.map((side) => side.createdAt)),
      info('duration_seconds', sides.map(seconds)),
      ...metrics.map((row) => [words.metric, row.key, ...row.values.map((last) => last?.value ?? null)]),
      ...params.map((row) => [words.param, row.key, ...row.values]),
      ...tags.map((row) => [words.tag, row.key, ...row.values]),
    ],
  };
}
