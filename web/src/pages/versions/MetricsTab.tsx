import { useMemo, useState } from 'react';
import type { MeasuredFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip, Empty, FilterBar, MetricValue, SearchInput, Section, Table } from '../../ui';
import type { ShownVersion } from './VersionPage';
import styles from './versions.module.css';
import { When } from '../models/When';

/** What was measured of a version, wherever it was measured, and the params that it was trained with. */
export function MetricsTab({ version }: { readonly version: ShownVersion }) {
  const t = useT();
  const [search, setSearch] = useState('');
  const params = version.candidate?.params ?? [];
  const fits = (key: string) => key.toLowerCase().includes(search.toLowerCase());
  const metrics = useMemo(
    () => [...version.metrics].sort((one, other) => one.key.localeCompare(other.key) || one.source.localeCompare(other.source)),
    [version.metrics],
  );
  if (metrics.length === 0 && params.length === 0) {
    return <Empty title={t('models.nothing_measured')}>{t('models.nothing_measured_hint')}</Empty>;
  }
  return (
    <>
      <FilterBar search={<SearchInput isMain value={search} onChange={setSearch} label={t('versions.search_metrics')} placeholder={t('versions.search_metrics')} />} />
      <div className={styles.two}>
        <Section title={t('versions.tab_metrics')}>
          <Table<MeasuredFragment>
            caption={t('versions.tab_metrics')}
            rows={metrics.filter(({ key }) => fits(key))}
            rowKey={({ key, source, datasetName, datasetDigest, slice, measuredAt }) =>
              [key, source, datasetName, datasetDigest, slice, measuredAt].join('\n')
            }
            empty={t('versions.none_fits')}
            columns={[
              { id: 'key', header: t('versions.metric'), cell: ({ key }) => key },
              { id: 'value', header: t('versions.value'), align: 'end', cell: ({ value }) => <MetricValue value={value} /> },
              {
                id: 'on',
                header: t('versions.dataset'),
                cell: ({ datasetName, datasetDigest, slice }) =>
                  [[datasetName, datasetDigest].filter(Boolean).join(' @ '), slice].filter(Boolean).join(', ') || '–',
              },
              { id: 'source', header: t('versions.source'), cell: ({ source }) => <Chip tone="neutral">{t(`versions.metric_source_${source}`)}</Chip> },
              { id: 'when', header: t('versions.measured'), hideOnPhone: true, cell: ({ measuredAt }) => <When at={measuredAt} /> },
            ]}
          />
        </Section>
        <Section title={t('versions.params')}>
          <Table<(typeof params)[number]>
            caption={t('versions.params')}
            rows={params.filter(({ key }) => fits(key))}
            rowKey={({ key }) => key}
            empty={t('versions.none_fits')}
            columns={[
              { id: 'key', header: t('versions.param'), cell: ({ key }) => key },
              { id: 'value', header: t('versions.value'), cell: ({ value }) => value },
            ]}
          />
        </Section>
      </div>
    </>
  );
}
