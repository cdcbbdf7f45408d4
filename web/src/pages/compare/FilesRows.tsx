import { useLanguage, useT } from '../../i18n';
import { Problem, Skeleton } from '../../ui';
import type { Comparison } from './comparison';
import type { Change } from './ComparePage';
import controls from './Controls.module.css';
import { SidesTable } from './SidesTable';
import { useFiles } from './use_files';
import { fileCell, signatureCell } from './file_values';

interface FilesRowsProps {
  readonly project: string;
  readonly comparison: Comparison;
  readonly all: boolean;
  readonly q: string;
  readonly baseline: number | null;
  readonly change: Change;
  readonly empty: string;
}

/** Files by path and the signature's columns, side by side; asked for after the values. */
export function FilesRows({ project, comparison, all, q, baseline, change, empty }: FilesRowsProps) {
  const t = useT();
  const language = useLanguage();
  const { files, signature, isLoading, failure } = useFiles(comparison);
  if (isLoading) return <Skeleton rows={6} />;
  if (failure !== null) return <Problem failure={failure} inline />;
  const shown = <Row extends { readonly key: string; readonly differs: boolean }>(rows: readonly Row[]) =>
    rows.filter((row) => (all || row.differs) && row.key.toLowerCase().includes(q.toLowerCase()));
  return (
    <>
      <SidesTable project={project} comparison={comparison} baseline={baseline} change={change}>
        {[
          { title: t('compare.signature'), rows: shown(signature).map((row) => ({ key: row.key, cells: signatureCell(row, baseline) })), empty },
          { title: t('compare.files'), rows: shown(files).map((row) => ({ key: row.key, cells: fileCell(row, baseline, language) })), empty },
        ]}
      </SidesTable>
      <p className={controls.field}>{t('compare.files_hint')}</p>
    </>
  );
}
