import { useT } from '../../i18n';
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
  const { files, signature, isLoading, failure } = useFiles(comparison);
  if (isLoading) return <p aria-busy="true">{t('compare.loading_files')}</p>;
  if (failure !== null) return <p role="alert">{t('compare.files_failed', { message: failure.message })}</p>;
  const shown = <Row extends { readonly key: string; readonly differs: boolean }>(rows: readonly Row[]) =>
    rows.filter((row) => (all || row.differs) && row.key.toLowerCase().includes(q.toLowerCase()));
  return (
    <>
      <SidesTable project={project} comparison={comparison} baseline={baseline} change={change}>
        {[
          { title: t('compare.signature'), rows: shown(signature).map((row) => ({ key: row.key, cells: signatureCell(row, baseline) })), empty },
          { title: t('compare.files'), rows: shown(files).map((row) => ({ key: row.key, cells: fileCell(row, baseline) })), empty },
        ]}
      </SidesTable>
      <p className={controls.field}>{t('compare.files_hint')}</p>
    </>
  );
}
