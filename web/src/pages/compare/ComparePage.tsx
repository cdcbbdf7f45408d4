import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { useT } from '../../i18n';
import { COMPARE_TABS, type CompareSearch } from '../../routes/compare';
import '../../styles/charts.css';
import { Empty, PageHeader, Problem, Skeleton, Tabs } from '../../ui';
import styles from './Compare.module.css';
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
      <PageHeader
        title={t(isVersions ? 'compare.title_versions' : 'compare.title_candidates', { count })}
        actions={comparison && <CompareTools comparison={comparison} />}
        tabs={
          comparison && (
            <Tabs
              label={t('compare.views')}
              items={COMPARE_TABS.map((value) => ({ value, label: t(`compare.tab_${value}`) }))}
              value={tab}
              onChange={(next) => change({ tab: next })}
            />
          )
        }
      />
      {count < 2 && <Empty title={t('compare.empty')}>{t('compare.empty_hint')}</Empty>}
      {failure !== null && <Problem failure={failure} onRetry={retry} />}
      {isLoading && <Skeleton rows={12} />}
      {comparison && tab === 'values' && <ValuesTab project={project} comparison={comparison} search={search} change={change} />}
      {comparison && tab === 'curves' && <CurvesTab comparison={comparison} search={search} change={change} />}
      {comparison && (tab === 'scatter' || tab === 'parallel' || tab === 'contour' || tab === 'box') && (
        <FieldsTab tab={tab} comparison={comparison} search={search} change={change} />
      )}
      {comparison && tab === 'files' && <FilesTab project={project} comparison={comparison} search={search} change={change} />}
    </div>
  );
}
