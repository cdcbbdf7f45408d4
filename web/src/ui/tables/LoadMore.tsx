import { useT } from '../../i18n';
import { Button } from '../actions/Button';
import styles from './LoadMore.module.css';

export interface LoadMoreProps {
  readonly hasMore: boolean;
  readonly busy?: boolean | undefined;
  readonly onMore: () => void;
  readonly shown?: number | undefined;
  readonly total?: number | null | undefined;
}

/** The end of a list that grows by its reader. */
export function LoadMore({ hasMore, busy = false, onMore, shown, total }: LoadMoreProps) {
  const t = useT();
  if (!hasMore) return null;
  return (
    <div className={styles.more}>
      <Button busy={busy} onClick={onMore}>
        {t('ui.load_more')}
      </Button>
      {shown !== undefined && total !== null && total !== undefined && (
        <span className={styles.count}>{t('ui.shown_of', { shown, total })}</span>
      )}
    </div>
  );
}
