import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { asFailure } from '../../../api';
import { useT } from '../../../i18n';
import { Button, Problem, Skeleton } from '../../../ui';
import { bytesText } from '../bytes';
import { UNASKED_BYTES } from './content';
import type { PreviewProps } from './details';
import { Grid } from './Grid';
import { firstRows, read, type Parquet } from './parquet';
import styles from './Preview.module.css';

/** The columns and first rows of a Parquet file; only its end and the columns of the first rows are read. */
export function ParquetPreview({ file }: PreviewProps) {
  const t = useT();
  const { data, error, refetch } = useQuery({
    queryKey: ['Parquet', file.id, file.sha256],
    queryFn: ({ signal }) => read(file, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (data === undefined) return error ? <Problem failure={asFailure(error)} onRetry={() => void refetch()} /> : <Skeleton rows={8} />;
  return (
    <>
      <p className={styles.note}>{t('artifacts.parquet', { rows: data.rowCount, columns: data.columns.length })}</p>
      <Rows file={file} parquet={data} />
      <details className={styles.branch}>
        <summary>{t('artifacts.columns')}</summary>
        <Grid
          columns={[t('artifacts.column'), t('artifacts.type')]}
          rows={data.columns.map(({ name, type }) => [name, type])}
          caption={t('artifacts.columns')}
        />
      </details>
    </>
  );
}

function Rows({ file, parquet }: PreviewProps & { readonly parquet: Parquet }) {
  const t = useT();
  const [isWanted, setWanted] = useState(parquet.rowsBytes <= UNASKED_BYTES);
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['ParquetRows', file.id, file.sha256],
    queryFn: ({ signal }) => firstRows(file, parquet, signal),
    enabled: isWanted,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (data) {
    const caption = t('artifacts.first_rows', { count: data.length });
    return <Grid columns={parquet.columns.slice(0, data[0]?.length ?? 0).map(({ name }) => name)} rows={data} caption={caption} />;
  }
  if (error) return <Problem failure={asFailure(error)} onRetry={() => void refetch()} />;
  return (
    <p className={styles.more}>
      <Button busy={isFetching} onClick={() => setWanted(true)}>
        {t('artifacts.load', { size: bytesText(parquet.rowsBytes) })}
      </Button>
    </p>
  );
}
