import type { CandidateRowFragment, RealNumber } from '../../../api/operations';
import type { LoggedKeys } from './columns';

/** A candidate as tables show it. */
export type CandidateRow = CandidateRowFragment;

/** A line of the table: a candidate, or the head of a group. */
export type Line =
  | { readonly kind: 'candidate'; readonly key: string; readonly row: CandidateRow; readonly depth: number; readonly isOpen: boolean }
  | { readonly kind: 'group'; readonly key: string; readonly value: string | null; readonly count: number; readonly isEnded: boolean; readonly isOpen: boolean };

interface Values {
  readonly m: ReadonlyMap<string, RealNumber>;
  readonly p: ReadonlyMap<string, string>;
  readonly t: ReadonlyMap<string, string>;
}

const kept = new WeakMap<CandidateRow, Values>();

/** What a candidate has logged, by key; made once for each row. */
export function valuesOf(row: CandidateRow): Values {
  const there = kept.get(row);
  if (there) return there;
  const made = {
    m: new Map(row.metrics.map(({ key, value }) => [key, value])),
    p: new Map(row.params.map(({ key, value }) => [key, value])),
    t: new Map(row.tags.map(({ key, value }) => [key, value])),
  };
  kept.set(row, made);
  return made;
}

/** Seconds that it has run; null where its client told no times. */
export function secondsOf(row: Pick<CandidateRow, 'startedAt' | 'finishedAt' | 'status'>, now: number): number | null {
  if (row.startedAt === null) return null;
  const end = row.finishedAt === null ? (row.status === 'RUNNING' ? now : null) : Date.parse(row.finishedAt);
  return end === null ? null : Math.max(0, (end - Date.parse(row.startedAt)) / 1_000);
}

/** All keys of some rows. */
export class KeyCollector {
  private readonly sets = { m: new Set<string>(), p: new Set<string>(), t: new Set<string>() };
  private last: readonly CandidateRow[] = [];
  private current: LoggedKeys = { m: [], p: [], t: [] };

  /** The keys after these rows, too; the same object as long as there is no new one. */
  add(rows: readonly CandidateRow[]): LoggedKeys {
    if (rows === this.last) return this.current;
    // Mostly a page more than before: only that is looked at.
    const end = this.last.length;
    const start = end > 0 && rows[end - 1] === this.last[end - 1] ? end : 0;
    this.last = rows;
    const before = this.size();
    for (const row of rows.slice(start)) {
      for (const { key } of row.metrics) this.sets.m.add(key);
      for (const { key } of row.params) this.sets.p.add(key);
      for (const { key } of row.tags) this.sets.t.add(key);
    }
    if (this.size() !== before) {
      const [m, p, t] = [this.sets.m, this.sets.p, this.sets.t].map((set) => [...set].sort((a, b) => a.localeCompare(b)));
      this.current = { m: m ?? [], p: p ?? [], t: t ?? [] };
    }
    return this.current;
  }

  private size(): number {
    return this.sets.m.size + this.sets.p.size + this.sets.t.size;
  }
}
