import { useMemo } from 'react';
import { useLanguage, useT } from '../../i18n';
import { Checkbox, Problem, SearchInput } from '../../ui';
import type { Comparison } from './comparison';
import controls from './Controls.module.css';
import type { Change } from './ComparePage';
import { fileCell, signatureCell } from './file_values';
import type { CompareSearch } from '../../routes/compare';
import { SidesTable } from './SidesTable';
import { useFiles } from './use_files';
import { metricCell, shownRows, textCell, valueRows } from './values';

interface ValuesTabProps {
  readonly project: string;
  readonly comparison: Comparison;
  readonly search: CompareSearch;
  readonly change: Change;
}

/** Facts, params, metrics, tags, files and signature side by side: what differs, or all. */
export function ValuesTab({ project, comparison, search, change }: ValuesTabProps) {
  const t = useT();
  const language = useLanguage();
  const { all = false, q = '', base } = search;
  const at = Math.max(0, comparison.sides.findIndex((side) => side.id === base));
  const baseline = base === undefined ? null : at;
  const { params, metrics, tags } = useMemo(() => valueRows(comparison, all, q), [comparison, all, q]);
  const { files, signature, isLoading, failure } = useFiles(comparison);
  const empty = t(all ? 'compare.nothing' : 'compare.no_differences');
  return (
    <>
      <div className={controls.controls}>
        <Checkbox label={t('compare.differences_only')} checked={!all} onChange={(only) => change({ all: only ? undefined : true })} />
        <SearchInput value={q} onChange={(next) => change({ q: next || undefined })} placeholder={t('compare.search_keys')} isMain />
      </div>
      <SidesTable project={project} comparison={comparison} baseline={baseline} change={change}>
        {[
          { title: t('compare.metrics'), rows: metrics.map((row) => ({ key: row.key, cells: metricCell(row, baseline) })), empty },
          { title: t('compare.params'), rows: params.map((row) => ({ key: row.key, cells: textCell(row, baseline) })), empty },
          { title: t('compare.tags'), rows: tags.map((row) => ({ key: row.key, cells: textCell(row, baseline) })), empty },
          {
            title: t('compare.signature'),
            rows: shownRows(signature, all, q).map((row) => ({ key: row.key, cells: signatureCell(row, baseline) })),
            empty: isLoading ? '…' : empty,
          },
          {
            title: t('compare.files'),
            rows: shownRows(files, all, q).map((row) => ({ key: row.key, cells: fileCell(row, baseline, language) })),
            empty: isLoading ? '…' : empty,
          },
        ]}
      </SidesTable>
      {failure !== null && <Problem failure={failure} inline />}
      <p className={controls.field}>{t('compare.files_hint')}</p>
    </>
  );
}
