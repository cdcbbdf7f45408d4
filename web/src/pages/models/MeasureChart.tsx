import { useMemo } from 'react';
import type { ModelPerformanceQuery } from '../../api/operations';
import { curveOf, LineChart } from '../../charts';
import { useT } from '../../i18n';
import { MetricValue } from '../../ui';
import { valueOf, type Measure } from './measured';
import styles from './models.module.css';
import { VersionLink } from './VersionLink';

type Version = NonNullable<ModelPerformanceQuery['model']>['versions']['nodes'][number];

/** So many versions are told in words beside the chart. */
const TOLD = 5;

/** One measure over the versions, in the order of their numbers. */
export function MeasureChart({
  project,
  model,
  measure,
  versions,
}: {
  readonly project: string;
  readonly model: string;
  readonly measure: Measure;
  readonly versions: readonly Version[];
}) {
  const t = useT();
  const measured = useMemo(
    () =>
      versions
        .flatMap((version) => {
          const value = valueOf(version.metrics, measure.id);
          return value === null ? [] : [{ ...version, value }];
        })
        .sort((one, other) => one.number - other.number),
    [versions, measure.id],
  );
  const curves = useMemo(
    () => [
      curveOf(
        measure.id,
        measure.id,
        measured.map(({ number, createdAt, value }) => ({ step: number, timestamp: Date.parse(createdAt), value })),
      ),
    ],
    [measured, measure.id],
  );
  return (
    <div className={styles.measure}>
      <LineChart title={measure.id} curves={curves} xLabel={t('models.version_number')} height={220} group="performance" />
      <ul className={styles.told} aria-label={t('models.latest_values')}>
        {measured
          .slice(-TOLD)
          .reverse()
          .map(({ id, version, value }) => (
            <li key={id}>
              <VersionLink project={project} model={model} version={version} />
              <MetricValue value={value} />
            </li>
          ))}
      </ul>
    </div>
  );
}
