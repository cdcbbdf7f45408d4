import type { ReactNode } from 'react';
import { asFailure } from '../../../api';
import { useT } from '../../../i18n';
import { Button, Problem, Skeleton } from '../../../ui';
import { bytesText } from '../bytes';
import { useBeginning } from './content';
import type { FileDetails } from './details';
import styles from './Preview.module.css';

interface Props {
  readonly file: FileDetails;
  readonly children: (bytes: Uint8Array<ArrayBuffer>, isWhole: boolean) => ReactNode;
}

/** The beginning of a file, and a button for more of it. */
export function Beginning({ file, children }: Props) {
  const t = useT();
  const { query, isWhole, more } = useBeginning(file);
  const { data, error, isFetching, refetch } = query;
  if (data === undefined) return error ? <Problem failure={asFailure(error)} onRetry={() => void refetch()} /> : <Skeleton rows={8} />;
  return (
    <>
      {children(data, isWhole && !query.isPlaceholderData)}
      {(!isWhole || query.isPlaceholderData) && (
        <p className={styles.more}>
          {t('artifacts.beginning', { shown: bytesText(data.byteLength), size: bytesText(file.size) })}{' '}
          <Button size="s" busy={isFetching} onClick={more}>
            {t('artifacts.more')}
          </Button>
        </p>
      )}
    </>
  );
}
