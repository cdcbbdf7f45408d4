import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useLive, usePages } from '../../api';
import { LifecycleEventsDocument, PromotionRequestsDocument, type RequestRowFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { REQUEST_VIEWS } from '../../routes/lifecycle';
import { Chip, Empty, Loaded, LoadMore, PageHeader, Person, Segmented, StageChip, Table, Time, type Column } from '../../ui';
import { REQUEST_EVENTS } from './events';
import { RequestStatusChip } from './RequestStatusChip';
import styles from './lists.module.css';

const FROM = '/p/$project/promotions';

/** Requests to bring versions to a stage: those that wait for an approval first. */
export function PromotionsPage() {
  const t = useT();
  const { project } = useParams({ from: FROM });
  const { status } = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const wanted = status === undefined ? 'OPEN' : status === 'all' ? null : (status.toUpperCase() as 'PROMOTED');
  const { rows, query, more } = usePages(
    PromotionRequestsDocument,
    { project, status: wanted },
    (data) => data.project?.promotionRequests,
  );
  useLive(LifecycleEventsDocument, { project, types: REQUEST_EVENTS }, ['PromotionRequests']);

  const columns: readonly Column<RequestRowFragment>[] = [
    {
      id: 'version',
      header: t('lifecycle.version'),
      cell: (row) => (
        <Link to="/p/$project/promotions/$request" params={{ project, request: row.id }}>
          {row.modelVersion?.model?.name ?? t('lifecycle.gone')} {row.version}
        </Link>
      ),
    },
    { id: 'stage', header: t('lifecycle.stage'), cell: (row) => <StageChip name={row.stage} /> },
    { id: 'status', header: t('lifecycle.status'), cell: (row) => <RequestStatusChip status={row.status} /> },
    {
      id: 'approvals',
      header: t('lifecycle.approvals'),
      cell: (row) => row.approvals.filter(({ fellAt }) => !fellAt).length,
      align: 'end',
      hideOnPhone: true,
    },
    { id: 'by', header: t('lifecycle.opened_by'), cell: (row) => <Person user={{ name: row.requestedByUsername }} />, hideOnPhone: true },
    { id: 'when', header: t('lifecycle.opened'), cell: (row) => <Time at={row.createdAt} /> },
    {
      id: 'yours',
      header: t('lifecycle.you'),
      cell: (row) => row.viewerCanApprove && <Chip tone="accent">{t('lifecycle.waits_for_you')}</Chip>,
      hideOnPhone: true,
    },
  ];

  return (
    <>
      <PageHeader title={t('lifecycle.promotions')} description={t('lifecycle.promotions_about')} />
      <div className={styles.filters}>
        <Segmented
          label={t('lifecycle.status')}
          items={[
            { value: 'open', label: t('lifecycle.request_OPEN') },
            ...REQUEST_VIEWS.map((view) => ({
              value: view,
              label: view === 'all' ? t('lifecycle.all') : t(`lifecycle.request_${view.toUpperCase() as 'PROMOTED'}`),
            })),
          ]}
          value={status ?? 'open'}
          onChange={(value) => {
            const next = REQUEST_VIEWS.find((view) => view === value);
            void navigate({ search: next ? { status: next } : {} });
          }}
        />
      </div>
      <Loaded query={query}>
        {() => (
          <Table
            caption={t('lifecycle.promotions')}
            columns={columns}
            rows={rows}
            rowKey={(row) => row.id}
            empty={<Empty title={t('lifecycle.no_requests')}>{t('lifecycle.no_requests_about')}</Empty>}
          />
        )}
      </Loaded>
      <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} shown={rows.length} />
    </>
  );
}
