import { useMemo } from 'react';
import { useT } from '../../../i18n';
import { Beginning } from './Beginning';
import { textOf } from './content';
import { ROWS, rowsOf } from './csv';
import type { PreviewProps } from './details';
import { Grid } from './Grid';
import styles from './Preview.module.css';

/** The first rows of a file with separated values. */
export function TablePreview({ file }: PreviewProps) {
  return <Beginning file={file}>{(bytes, isWhole) => <Rows bytes={bytes} isWhole={isWhole} name={file.path} />}</Beginning>;
}

function Rows({ bytes, isWhole, name }: { readonly bytes: Uint8Array; readonly isWhole: boolean; readonly name: string }) {
  const t = useT();
  const rows = useMemo(() => {
    const text = textOf(bytes, isWhole);
    return text === null ? null : rowsOf(text, name.toLowerCase().endsWith('.tsv') ? '\t' : undefined);
  }, [bytes, isWhole, name]);
  if (rows === null) return <p className={styles.note}>{t('artifacts.binary')}</p>;
  const [header = [], ...others] = rows;
  // The last row of a beginning may be cut.
  const whole = isWhole || others.length >= ROWS ? others : others.slice(0, -1);
  return <Grid columns={header} rows={whole} caption={t('artifacts.first_rows', { count: whole.length })} />;
}
