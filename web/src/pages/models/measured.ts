import type { MeasuredFragment, RealNumber } from '../../api/operations';

/** What is measured: a metric, where told on a data set, and of a part of it. */
export interface Measure {
  readonly id: string;
  readonly key: string;
  /** The data set and the part of it; empty: neither was told. */
  readonly on: string;
}

/** Which measure a value is of. Digests are left out, so that versions tried on newer data stand in one line. */
export function measureOf({ key, datasetName, slice }: Pick<MeasuredFragment, 'key' | 'datasetName' | 'slice'>): Measure {
  const on = [datasetName, slice].filter(Boolean).join(', ');
  return { id: on === '' ? key : `${key} · ${on}`, key, on };
}

/** What is told of the machine, not of the model. */
const SYSTEM = 'system/';

/** All measures of some versions, those that most of them have first; measures of the machine stand last. */
export function measuresOf(versions: readonly { readonly metrics: readonly MeasuredFragment[] }[]): Measure[] {
  const counts = new Map<string, { measure: Measure; count: number }>();
  for (const { metrics } of versions) {
    for (const measure of new Map(metrics.map((metric) => [measureOf(metric).id, measureOf(metric)])).values()) {
      const kept = counts.get(measure.id);
      if (kept) kept.count += 1;
      else counts.set(measure.id, { measure, count: 1 });
    }
  }
  return [...counts.values()]
    .sort((one, other) => Number(isSystem(one.measure)) - Number(isSystem(other.measure)) || other.count - one.count || one.measure.id.localeCompare(other.measure.id))
    .map(({ measure }) => measure);
}

function isSystem({ key }: Measure): boolean {
  return key.startsWith(SYSTEM);
}

/** The newest value of a measure; null where there is none. */
export function valueOf(metrics: readonly MeasuredFragment[], id: string): RealNumber | null {
  let newest: MeasuredFragment | null = null;
  for (const metric of metrics) {
    if (measureOf(metric).id === id && (newest === null || metric.measuredAt > newest.measuredAt)) newest = metric;
  }
  return newest?.value ?? null;
}
