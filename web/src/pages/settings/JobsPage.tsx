import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useSending, usePages, type DataOf } from '../../api';
import { JobCancelDocument, JobRetryDocument, JobsDocument, type BackgroundJobStatus } from '../../api/operations';
import { useT } from '../../i18n';
import { JOB_STATUSES } from '../../routes/settings';
import { Button, Chip, Empty, Loaded, LoadMore, PageHeader, ProgressBar, Segmented, Table, Time, type Column } from '../../ui';
import { FormErrors } from '../lifecycle/FormErrors';
import { useJobsLive } from './jobs_live';
import styles from './settings.module.css';

const FROM = '/p/$project/jobs';

type Job = NonNullable<DataOf<typeof JobsDocument>['project']>['backgroundJobs']['nodes'][number];

const TONES = {
  QUEUED: 'neutral',
  RUNNING: 'info',
  SUCCEEDED: 'good',
  DEAD: 'bad',
  CANCELLED: 'neutral',
} as const satisfies Record<BackgroundJobStatus, string>;

/** What workers do for a project: how far they are, and what has failed for good. */
export function JobsPage() {
  const t = useT();
  const { project } = useParams({ from: FROM });
  const { status } = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const { rows, query, more } = usePages(
    JobsDocument,
    { project, status: status ?? null },
    (data) => data.project?.backgroundJobs,
  );
  const retry = useSending(JobRetryDocument, ['Jobs']);
  const cancel = useSending(JobCancelDocument, ['Jobs']);
  useJobsLive(project);

  const columns: readonly Column<Job>[] = [
    { id: 'kind', header: t('settings.job'), cell: (job) => <code>{job.kind}</code> },
    {
      id: 'status',
      header: t('settings.status'),
      cell: (job) => <Chip tone={TONES[job.status]}>{t(`settings.job_${job.status}`)}</Chip>,
    },
    {
      id: 'progress',
      header: t('settings.progress'),
      cell: (job) =>
        job.status === 'RUNNING' && job.total !== null ? (
          <ProgressBar value={job.done} max={job.total} label={`${job.kind} ${job.done}/${job.total}`} />
        ) : (
          (job.statusReason ?? '')
        ),
    },
    {
      id: 'attempts',
      header: t('settings.attempts'),
      cell: (job) => `${job.attemptCount} / ${job.maxAttempts}`,
      align: 'end',
      hideOnPhone: true,
    },
    { id: 'made', header: t('settings.made'), cell: (job) => <Time at={job.createdAt} />, hideOnPhone: true },
    {
      id: 'ended',
      header: t('settings.ended'),
      cell: (job) => job.finishedAt && <Time at={job.finishedAt} />,
      hideOnPhone: true,
    },
    {
      id: 'act',
      header: '',
      cell: (job) => (
        <>
          {job.viewerCanRetry && (
            <Button size="s" onClick={() => void retry.send({ input: { backgroundJob: { id: job.id } } })}>
              {t('settings.retry')}
            </Button>
          )}
          {job.viewerCanCancel && (
            <Button
              size="s"
              variant="quiet"
              onClick={() => void cancel.send({ input: { backgroundJob: { id: job.id } } })}
            >
              {t('settings.cancel')}
            </Button>
          )}
        </>
      ),
    },
  ];

  return (
    <>
      <PageHeader title={t('settings.jobs')} description={t('settings.jobs_about')} />
      <div className={styles.filters}>
        <Segmented
          label={t('settings.status')}
          items={[
            { value: 'all', label: t('settings.all') },
            ...JOB_STATUSES.map((value) => ({ value, label: t(`settings.job_${value}`) })),
          ]}
          value={status ?? 'all'}
          onChange={(value) => {
            const next = JOB_STATUSES.find((one) => one === value);
            void navigate({ search: next ? { status: next } : {} });
          }}
        />
      </div>
      <FormErrors sending={retry} shown={[]} />
      <FormErrors sending={cancel} shown={[]} />
      <Loaded query={query}>
        {() => (
          <Table
            caption={t('settings.jobs')}
            columns={columns}
            rows={rows}
            rowKey={(job) => job.id}
            empty={<Empty title={t('settings.no_jobs')} />}
          />
        )}
      </Loaded>
      <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} shown={rows.length} />
    </>
  );
}
