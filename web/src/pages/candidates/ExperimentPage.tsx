import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { useT } from '../../i18n';
import { Empty, Problem } from '../../ui';
import { ExperimentHeader } from '../experiments/ExperimentHeader';
import { CandidatesTable } from './table/CandidatesTable';
import { useExperimentIds } from './table/useCandidates';
import { changed, type Navigate } from './table/useTableState';

/** An experiment: what it is called, and its candidates. */
export function ExperimentPage() {
  const t = useT();
  const { project, number } = useParams({ from: '/p/$project/experiments/$number' });
  const search = useSearch({ from: '/p/$project/experiments/$number' });
  const go = useNavigate({ from: '/p/$project/experiments/$number' });
  const navigate: Navigate = useCallback((change) => void go({ search: (before) => changed(before, change), replace: true }), [go]);
  const numbers = useMemo(() => (/^\d{1,15}$/.test(number) ? [Number(number)] : []), [number]);
  const { ids, failure, isMissing } = useExperimentIds(project, numbers);
  if (failure !== null) return <Problem failure={failure} />;
  if (isMissing || numbers.length === 0) return <Empty title={t('experiments.missing')}>{t('experiments.missing_text')}</Empty>;
  return (
    <CandidatesTable
      key={number}
      project={project}
      ids={ids}
      search={search}
      navigate={navigate}
      name={`experiment-${number}`}
      header={(experiments, isUnknown) => <ExperimentHeader project={project} experiment={experiments[0] ?? null} isUnknown={isUnknown} />}
    />
  );
}
