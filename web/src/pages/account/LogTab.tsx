import { usePages } from '../../api';
import { AccountLogDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { LoadMore, Problem, Skeleton } from '../../ui';
import { AccessLogTable } from './AccessLogTable';
import styles from './AccountPage.module.css';

/** What is logged about the person. */
export function LogTab() {
  const t = useT();
  const { rows, query, more } = usePages(AccountLogDocument, {}, (data) => data.viewer?.accessLog);
  return (
    <>
      <div className={styles.bar}>
        <p>{t('account.log_more')}</p>
      </div>
      {query.isPending && <Skeleton rows={8} />}
      {query.error && rows.length === 0 && <Problem failure={query.error} onRetry={() => void query.refetch()} />}
      {query.data !== undefined && <AccessLogTable entries={rows} />}
      <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} />
    </>
  );
}
