import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { asFailure, usePages } from '../../api';
import { ModelCandidatesDocument, type ModelCandidatesQuery } from '../../api/operations';
import { useT, type Translate } from '../../i18n';
import { Empty, MetricValue, Problem, Skeleton, StatusChip, VirtualTable, type VirtualColumn } from '../../ui';
import { usualArrangement } from './arrangement';
import { CandidateLink } from './CandidateLink';
import styles from './models.module.css';
import { VersionLink } from './VersionLink';
import { When } from './When';

type Candidate = NonNullable<ModelCandidatesQuery['model']>['candidates']['nodes'][number];

const keyOf = ({ id }: Candidate) => id;

/** So many metrics stand beside each; all of them stand in the table of the experiment. */
const METRICS = 4;

/** The candidates of a model's own experiment. */
export function ModelCandidatesTab({ project, model }: { readonly project: string; readonly model: string }) {
  const t = useT();
  const candidates = usePages(ModelCandidatesDocument, { project, model }, (data) => data.model?.candidates);
  const [arranged, setArranged] = useState(() => usualArrangement('name'));
  const shown = useMemo(() => columns(t, project, model, candidates.rows), [t, project, model, candidates.rows]);
  const navigate = useNavigate();
  if (candidates.query.isError && candidates.rows.length === 0) {
    return <Problem failure={asFailure(candidates.query.error)} onRetry={() => void candidates.query.refetch()} />;
  }
  if (candidates.first === undefined) return <Skeleton rows={8} />;
  if (candidates.rows.length === 0) return <Empty title={t('models.no_candidates')}>{t('models.no_candidates_hint')}</Empty>;
  return (
    <VirtualTable
      caption={t('models.tab_candidates')}
      columns={shown}
      rows={candidates.rows}
      total={candidates.total}
      rowKey={keyOf}
      onEndReached={candidates.more}
      loading={candidates.query.isFetchingNextPage}
      columnState={arranged}
      onColumnState={setArranged}
      onOpen={({ uuid }) => void navigate({ to: '/p/$project/candidates/$candidate', params: { project, candidate: uuid } })}
    />
  );
}

function columns(t: Translate, project: string, model: string, rows: readonly Candidate[]): VirtualColumn<Candidate>[] {
  const keys = [...new Set(rows.flatMap(({ metrics }) => metrics.map(({ key }) => key)))].slice(0, METRICS);
  return [
    {
      id: 'name',
      header: t('models.candidate'),
      width: 260,
      cell: (candidate) => <CandidateLink project={project} candidate={candidate} />,
    },
    { id: 'status', header: t('models.status'), width: 120, cell: ({ status }) => <StatusChip status={status} /> },
    {
      id: 'versions',
      header: t('models.versions'),
      width: 160,
      cell: ({ modelVersions }) => (
        <span className={styles.chips}>
          {modelVersions.map(({ id, version }) => (
            <VersionLink key={id} project={project} model={model} version={version} />
          ))}
        </span>
      ),
    },
    ...keys.map(
      (key): VirtualColumn<Candidate> => ({
        id: `metric:${key}`,
        header: key,
        align: 'end',
        width: 120,
        cell: ({ metrics }) => {
          const metric = metrics.find((one) => one.key === key);
          return metric ? <MetricValue value={metric.value} /> : '–';
        },
      }),
    ),
    { id: 'created', header: t('models.created'), width: 130, cell: ({ createdAt }) => <When at={createdAt} /> },
    { id: 'who', header: t('models.who'), width: 140, cell: ({ username }) => username },
  ];
}
