import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { useT } from '../../i18n';
import type { CompareSearch } from '../../routes/compare';
import '../../styles/charts.css';
import styles from './Compare.module.css';
import { CompareTabs } from './CompareTabs';
import { CompareTools } from './CompareTools';
import { CurvesTab } from './CurvesTab';
import { FieldsTab } from './FieldsTab';
import { FilesTab } from './FilesTab';
import { useComparison } from './use_comparison';
import { ValuesTab } from './ValuesTab';

/** Changes what is shown; undefined is the usual. Everything stands in the address. */
export type Change = (change: { readonly [Key in keyof CompareSearch]?: CompareSearch[Key] | undefined }) => void;

/** Two to fifty candidates or versions side by side. */
export function ComparePage() {
  const t = useT();
  const { project } = useParams({ from: '/p/$project/compare' });
  const search = useSearch({ from: '/p/$project/compare' });
  const navigate = useNavigate({ from: '/p/$project/compare' });
  const change = useCallback<Change>(
    (next) =>
      void navigate({
        search: (last: CompareSearch) => Object.fromEntries(Object.entries({ ...last, ...next }).filter(([, value]) => value !== undefined)),
        replace: !('tab' in next),
        resetScroll: false,
      }),
    [navigate],
  );
  const { comparison, isLoading, failure, retry, count } = useComparison(project, search);
  const { tab = 'values' } = search;
  const isVersions = search.candidates === undefined && search.versions !== undefined;
  return (
    <div className={styles.page}>
      <header className={styles.top}>
        <h1 className={styles.title}>{t(isVersions ? 'compare.title_versions' : 'compare.title_candidates', { count })}</h1>
        {comparison && <CompareTools comparison={comparison} />}
      </header>
      {count < 2 && (
        <section className={styles.empty}>
          <h2>{t('compare.empty')}</h2>
          <p>{t('compare.empty_hint')}</p>
        </section>
      )}
      {failure !== null && (
        <section className={styles.empty} role="alert">
          <p>{t(failure.kind === 'notFound' ? 'compare.gone' : 'compare.failed', { message: failure.message })}</p>
          <button type="button" onClick={retry}>
            {t('compare.again')}
          </button>
        </section>
      )}
      {isLoading && <p aria-busy="true">{t('compare.loading')}</p>}
      {comparison && (
        <>
          <CompareTabs tab={tab} search={search} project={project} />
          {tab === 'values' && <ValuesTab project={project} comparison={comparison} search={search} change={change} />}
          {tab === 'curves' && <CurvesTab comparison={comparison} search={search} change={change} />}
          {(tab === 'scatter' || tab === 'parallel' || tab === 'contour' || tab === 'box') && (
            <FieldsTab tab={tab} comparison={comparison} search={search} change={change} />
          )}
          {tab === 'files' && <FilesTab project={project} comparison={comparison} search={search} change={change} />}
        </>
      )}
    </div>
  );
}
