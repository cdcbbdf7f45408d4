import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useLive, usePages, type DataOf } from '../../api';
import { DeploymentsDocument, LifecycleEventsDocument, type DeploymentStatus } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip, Empty, Loaded, LoadMore, PageHeader, Segmented, Table, Time, type Column } from '../../ui';
import { DEPLOYMENT_EVENTS } from './events';
import styles from './lists.module.css';

const FROM = '/p/$project/deployments';

type Deployment = NonNullable<DataOf<typeof DeploymentsDocument>['project']>['deployments']['nodes'][number];

const TONES = { RUNNING: 'good', SILENT: 'warn', ENDED: 'neutral' } as const satisfies Record<DeploymentStatus, string>;
const STATUSES = ['RUNNING', 'SILENT', 'ENDED'] as const satisfies readonly DeploymentStatus[];

/** What runs where, and whether it is what it should be. */
export function DeploymentsPage() {
  const t = useT();
  const { project } = useParams({ from: FROM });
  const { status, yanked } = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const { rows, query, more } = usePages(
    DeploymentsDocument,
    { project, status: status ?? null, yanked: yanked ?? false },
    (data) => data.project?.deployments,
  );
  useLive(LifecycleEventsDocument, { project, types: DEPLOYMENT_EVENTS }, ['Deployments']);

  const columns: readonly Column<Deployment>[] = [
    {
      id: 'where',
      header: t('lifecycle.where'),
      cell: (row) => (
        <>
          <strong>{row.environment}</strong> {row.endpoint} {row.instance}
        </>
      ),
    },
    {
      id: 'version',
      header: t('lifecycle.version'),
      cell: (row) => (
        <Link to="/p/$project/models/$model" params={{ project, model: row.modelName }}>
          {row.modelName} {row.version}
        </Link>
      ),
    },
    { id: 'follows', header: t('lifecycle.follows'), cell: (row) => <Followed deployment={row} />, hideOnPhone: true },
    {
      id: 'status',
      header: t('lifecycle.status'),
      cell: (row) => (
        <Chip tone={TONES[row.status]} title={row.statusReason ?? undefined}>
          {t(`lifecycle.deployment_${row.status}`)}
        </Chip>
      ),
    },
    { id: 'since', header: t('lifecycle.since'), cell: (row) => <Time at={row.startedAt} />, hideOnPhone: true },
    {
      id: 'heard',
      header: t('lifecycle.heard'),
      cell: (row) => <Time at={row.endedAt ?? row.lastHeartbeatAt} />,
      hideOnPhone: true,
    },
  ];

  return (
    <>
      <PageHeader title={t('lifecycle.deployments')} description={t('lifecycle.deployments_about')} />
      <div className={styles.filters}>
        <Segmented
          label={t('lifecycle.status')}
          items={[
            { value: 'all', label: t('lifecycle.all') },
            ...STATUSES.map((value) => ({ value, label: t(`lifecycle.deployment_${value}`) })),
            { value: 'yanked', label: t('lifecycle.yanked_ones') },
          ]}
          value={yanked ? 'yanked' : (status ?? 'all')}
          onChange={(value) => {
            const next = STATUSES.find((one) => one === value);
            void navigate({ search: value === 'yanked' ? { yanked: true } : next ? { status: next } : {} });
          }}
        />
      </div>
      <Loaded query={query}>
        {() => (
          <Table
            caption={t('lifecycle.deployments')}
            columns={columns}
            rows={rows}
            rowKey={(row) => row.id}
            empty={<Empty title={t('lifecycle.no_deployments')}>{t('lifecycle.no_deployments_about')}</Empty>}
          />
        )}
      </Loaded>
      <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} shown={rows.length} />
    </>
  );
}

/** The reference that a deployment resolves at its start, and what has become of it since. */
function Followed({ deployment }: { readonly deployment: Deployment }) {
  const t = useT();
  return (
    <>
      {deployment.follows && <code>{deployment.follows}</code>}{' '}
      {deployment.isDrifting && (
        <Chip tone="warn">{t('lifecycle.drifts', { version: deployment.modelVersionFollowed?.version ?? '—' })}</Chip>
      )}
      {deployment.hasOtherFiles && <Chip tone="bad">{t('lifecycle.other_files')}</Chip>}
      {deployment.modelVersion?.yankedAt && <Chip tone="bad">{t('lifecycle.yanked')}</Chip>}
    </>
  );
}
