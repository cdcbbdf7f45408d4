import { useState } from 'react';
import { useT } from '../../../i18n';
import { Button, Empty, FilterBar, MetricValue, SearchInput, Segmented, Table, Time } from '../../../ui';
import { MetricCharts } from './MetricCharts';
import type { CandidateDetails } from './types';

interface Props {
  readonly candidate: CandidateDetails;
  readonly metrics: CandidateDetails['metrics'];
  readonly search: string;
  readonly onSearch: (text: string) => void;
  readonly axis: 'step' | 'relative';
}

/** Charts at first; more on request, since each reads its points. */
const FIRST_CHARTS = 12;

/** Metrics: their curves, and a table of the latest values. */
export function MetricsTab({ candidate, metrics, search, onSearch, axis: usualAxis }: Props) {
  const t = useT();
  const [count, setCount] = useState(FIRST_CHARTS);
  const [axis, setAxis] = useState<'step' | 'time' | 'relative'>(usualAxis);
  const [scale, setScale] = useState<'linear' | 'log'>('linear');
  const rows = metrics.filter(({ key }) => key.toLowerCase().includes(search.toLowerCase()));
  if (metrics.length === 0) return <Empty title={t('candidates.no_metrics')}>{t('candidates.no_metrics_text')}</Empty>;
  return (
    <>
      <FilterBar>
        <SearchInput value={search} label={t('candidates.metrics_search')} placeholder={t('candidates.metrics_search')} onChange={onSearch} />
        <Segmented
          label={t('candidates.axis')}
          value={axis}
          onChange={setAxis}
          items={[
            { value: 'step', label: t('candidates.axis_step') },
            { value: 'time', label: t('candidates.axis_time') },
            { value: 'relative', label: t('candidates.axis_relative') },
          ]}
        />
        <Segmented
          label={t('candidates.scale')}
          value={scale}
          onChange={setScale}
          items={[
            { value: 'linear', label: t('candidates.scale_linear') },
            { value: 'log', label: t('candidates.scale_log') },
          ]}
        />
      </FilterBar>
      <MetricCharts id={candidate.id} keys={rows.slice(0, count).map(({ key }) => key)} axis={axis} logY={scale === 'log'} />
      {rows.length > count && (
        <Button variant="secondary" onClick={() => setCount(count + FIRST_CHARTS)}>
          {t('candidates.more_charts', { count: rows.length - count })}
        </Button>
      )}
      <Table
        caption={t('candidates.latest_values')}
        rows={rows}
        rowKey={({ key }) => key}
        empty={<Empty title={t('candidates.none_match')} />}
        columns={[
          { id: 'key', header: t('candidates.metric'), cell: ({ key }) => key },
          { id: 'value', header: t('candidates.value'), align: 'end', cell: ({ value }) => <MetricValue value={value} /> },
          { id: 'step', header: t('candidates.axis_step'), align: 'end', cell: ({ step }) => step },
          { id: 'time', header: t('candidates.axis_time'), hideOnPhone: true, cell: ({ timestamp }) => <Time at={new Date(timestamp).toISOString()} withTime /> },
          { id: 'data', header: t('candidates.dataset'), hideOnPhone: true, cell: ({ datasetName }) => datasetName },
        ]}
      />
    </>
  );
}
