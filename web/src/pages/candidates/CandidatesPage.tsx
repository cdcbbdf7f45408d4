import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { query } from '../../api';
import { ExperimentNamesDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { present } from '../../routes/search';
import { Empty, PageHeader, Problem } from '../../ui';
import { ExperimentChoice } from './ExperimentChoice';
import { CandidatesTable } from './table/CandidatesTable';
import { changed, type Navigate } from './table/useTableState';

/** The candidates of several experiments, or of all. */
export function CandidatesPage() {
  const t = useT();
  const { project } = useParams({ from: '/p/$project/candidates' });
  const search = useSearch({ from: '/p/$project/candidates' });
  const go = useNavigate({ from: '/p/$project/candidates' });
  const navigate: Navigate = useCallback((change) => void go({ search: (before) => changed(before, change), replace: true }), [go]);
  const names = useQuery(query(ExperimentNamesDocument, { project }));
  const all = names.data?.project?.experiments.nodes;
  const chosen = search.in?.join();
  const ids = useMemo(() => {
    if (all === undefined) return null;
    const numbers = chosen?.split(',');
    return all.filter((one) => numbers === undefined || numbers.includes(String(one.number))).map((one) => one.id);
  }, [all, chosen]);
  const header = (
    <PageHeader
      title={t('candidates.title')}
      description={t('candidates.of_experiments', { count: ids?.length ?? 0 })}
      actions={
        all !== undefined && (
          <ExperimentChoice
            experiments={all}
            chosen={search.in}
            onChoose={(numbers) => void go({ search: (before) => present({ ...before, in: numbers, sel: undefined }), replace: true })}
          />
        )
      }
    />
  );
  if (names.error !== null) return <Problem failure={names.error} onRetry={() => void names.refetch()} />;
  if (names.data?.project === null) return <Empty title={t('experiments.missing')}>{t('experiments.missing_text')}</Empty>;
  return <CandidatesTable project={project} ids={ids} search={search} navigate={navigate} name="candidates" header={() => header} />;
}
