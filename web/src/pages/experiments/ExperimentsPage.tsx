import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useLive, usePages } from '../../api';
import { CandidateEventsDocument, ExperimentsDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, ButtonLink, FilterBar, LoadMore, PageHeader, Problem, SearchInput, Segmented, Skeleton } from '../../ui';
import { present } from '../../routes/search';
import { ExperimentDialog } from './ExperimentDialog';
import { ExperimentsTable } from './ExperimentsTable';

/** The experiments of a project. */
export function ExperimentsPage() {
  const t = useT();
  const { project } = useParams({ from: '/p/$project/experiments' });
  const { q, view } = useSearch({ from: '/p/$project/experiments' });
  const go = useNavigate({ from: '/p/$project/experiments' });
  const [isCreating, setCreating] = useState(false);
  const variables = { project, search: q ?? '', view: view === 'deleted' ? ('DELETED' as const) : ('ACTIVE' as const) };
  const { rows, total, first, query, more } = usePages(ExperimentsDocument, variables, (data) => data.project?.experiments);
  useLive(CandidateEventsDocument, { project }, [ExperimentsDocument.name], ({ projectEvents: { type } }) => type.startsWith('CANDIDATE_') && type !== 'CANDIDATE_UPDATED');
  const canWrite = first?.project?.viewerCanWriteCandidates ?? false;
  return (
    <>
      <PageHeader
        title={t('experiments.title')}
        description={total === null ? ' ' : t('experiments.count', { count: total })}
        actions={
          <>
            <ButtonLink to="/p/$project/candidates" params={{ project }} variant="secondary">
              {t('experiments.all_candidates')}
            </ButtonLink>
            {canWrite && (
              <Button variant="primary" icon={<Plus size={15} aria-hidden />} onClick={() => setCreating(true)}>
                {t('experiments.create')}
              </Button>
            )}
          </>
        }
      />
      <FilterBar>
        <SearchInput
          value={q ?? ''}
          label={t('experiments.search')} placeholder={t('experiments.search')}
          onChange={(text) => void go({ search: (before) => present({ ...before, q: text === '' ? undefined : text }), replace: true })}
        />
        <Segmented
          label={t('experiments.view')}
          value={view ?? 'active'}
          items={[
            { value: 'active', label: t('experiments.view_active') },
            { value: 'deleted', label: t('experiments.view_deleted') },
          ]}
          onChange={(value) => void go({ search: (before) => present({ ...before, view: value === 'deleted' ? ('deleted' as const) : undefined }) })}
        />
      </FilterBar>
      {query.error !== null ? (
        <Problem failure={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Skeleton rows={8} />
      ) : (
        <ExperimentsTable project={project} rows={rows} isFiltered={q !== undefined || view !== undefined} />
      )}
      <LoadMore hasMore={query.hasNextPage} onMore={more} busy={query.isFetchingNextPage} />
      {isCreating && <ExperimentDialog project={project} onClose={() => setCreating(false)} />}
    </>
  );
}
