import { useNavigate, useSearch } from '@tanstack/react-router';
import { usePages } from '../../api';
import { AdminLogDocument, type AccessAction } from '../../api/operations';
import { useT } from '../../i18n';
import { LoadMore, Problem, SearchInput, Select, Skeleton } from '../../ui';
import { AccessLogTable } from '../account/AccessLogTable';
import { ACCESS_ACTIONS } from './access_actions';
import styles from './AdminPage.module.css';

/** The choice of a filter that leaves nothing out. */
const ANY = 'any';
const RESULTS = ['DONE', 'REFUSED'] as const;

/** The sign-in and access log of the installation. */
export function AdminLogTab() {
  const t = useT();
  const navigate = useNavigate({ from: '/-/admin/users' });
  const { username = '', action, result, address = '' } = useSearch({ from: '/-/admin/users' });
  const chosen: AccessAction | null = ACCESS_ACTIONS.find((one) => one === action) ?? null;
  const variables = {
    username: username || null,
    action: chosen,
    status: result ?? null,
    address: address || null,
  };
  const { rows, query, more } = usePages(AdminLogDocument, variables, (data) => data.accessLog);
  const change = (search: Record<string, string | undefined>) =>
    void navigate({ search: (old) => ({ ...old, ...search, tab: 'log' }), replace: true });
  return (
    <>
      <div className={styles.filters}>
        <SearchInput
          value={username}
          onChange={(text) => change({ username: text || undefined })}
          placeholder={t('admin.log_username')}
        />
        <SearchInput
          value={address}
          onChange={(text) => change({ address: text || undefined })}
          placeholder={t('admin.log_address')}
        />
        <div className={styles.choice}>
          <Select
            aria-label={t('account.action')}
            items={[
              { value: ANY, label: t('admin.log_any_action') },
              ...ACCESS_ACTIONS.map((one) => ({ value: one, label: t(`account.action_${one}`) })),
            ]}
            value={chosen ?? ANY}
            onChange={(value) => change({ action: value === ANY ? undefined : value })}
          />
        </div>
        <div className={styles.choice}>
          <Select
            aria-label={t('admin.log_result')}
            items={[
              { value: ANY, label: t('admin.log_any_result') },
              ...RESULTS.map((one) => ({ value: one, label: t(`admin.log_${one}`) })),
            ]}
            value={result ?? ANY}
            onChange={(value) => change({ result: value === ANY ? undefined : value })}
          />
        </div>
      </div>
      {query.isPending && <Skeleton rows={8} />}
      {query.error && rows.length === 0 && <Problem failure={query.error} onRetry={() => void query.refetch()} />}
      {query.data !== undefined && <AccessLogTable entries={rows} />}
      <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} />
    </>
  );
}
