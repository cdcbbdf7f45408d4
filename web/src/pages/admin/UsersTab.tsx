import { useNavigate, useSearch } from '@tanstack/react-router';
import { UserPlus } from 'lucide-react';
import { useState } from 'react';
import { usePages } from '../../api';
import { AdminUsersDocument, type UserLineFragment, type UserOrder } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, LoadMore, Problem, SearchInput, Select, Skeleton } from '../../ui';
import { Secret } from '../account/Secret';
import { InviteDialog } from './InviteDialog';
import { UserDialog, type UserAction } from './UserDialog';
import { UserTable } from './UserTable';
import accountStyles from '../account/AccountPage.module.css';
import styles from './AdminPage.module.css';

/** The choice of a filter that leaves nothing out. */
const ANY = 'any';
const STATUSES = ['ACTIVE', 'DEACTIVATED', 'DELETED'] as const;
const KINDS = ['admins', 'bots'] as const;
const SORTS = ['USERNAME.desc', 'LAST_ACTIVE_AT.asc', 'LAST_ACTIVE_AT.desc'] as const;

/** All users: found, invited, deactivated, helped back in. */
export function UsersTab() {
  const t = useT();
  const navigate = useNavigate({ from: '/-/admin/users' });
  const { q = '', status, kind, sort } = useSearch({ from: '/-/admin/users' });
  const [secret, setSecret] = useState<{ readonly title: string; readonly text: string } | null>(null);
  const [isInviting, setInviting] = useState(false);
  const [open, setOpen] = useState<{ readonly action: UserAction; readonly user: UserLineFragment } | null>(null);
  const order = sort === undefined ? null : orderOf(sort);
  const variables = {
    search: q,
    isBot: kind === 'bots',
    status: status ?? null,
    isAdmin: kind === 'admins' ? true : null,
    orderBy: order,
  };
  const { rows, total, query, more } = usePages(AdminUsersDocument, variables, (data) => data.users);
  const change = (search: { q?: string | undefined; status?: string; kind?: string; sort?: string | undefined }) =>
    void navigate({
      search: (old) => ({
        ...old,
        ...('q' in search && { q: search.q || undefined }),
        ...('status' in search && { status: STATUSES.find((one) => one === search.status) }),
        ...('kind' in search && { kind: KINDS.find((one) => one === search.kind) }),
        ...('sort' in search && { sort: SORTS.find((one) => one === search.sort) }),
      }),
      replace: true,
    });
  return (
    <>
      <div className={styles.filters}>
        <SearchInput value={q} onChange={(text) => change({ q: text })} placeholder={t('admin.find_user')} isMain />
        <div className={styles.choice}>
          <Select
            aria-label={t('admin.status')}
            items={[
              { value: ANY, label: t('admin.status_any') },
              ...STATUSES.map((one) => ({ value: one, label: t(`admin.status_${one}`) })),
            ]}
            value={status ?? ANY}
            onChange={(value) => change({ status: value })}
          />
        </div>
        <div className={styles.choice}>
          <Select
            aria-label={t('admin.kind')}
            items={[
              { value: ANY, label: t('admin.kind_people') },
              ...KINDS.map((one) => ({ value: one, label: t(`admin.kind_${one}`) })),
            ]}
            value={kind ?? ANY}
            onChange={(value) => change({ kind: value })}
          />
        </div>
        <span role="status" className={styles.count}>
          {total !== null && t('admin.user_count', { count: total })}
        </span>
        <Button variant="primary" icon={<UserPlus />} onClick={() => setInviting(true)}>
          {t('admin.invite')}
        </Button>
      </div>
      {secret !== null && <Secret title={secret.title} text={secret.text} onDone={() => setSecret(null)} />}
      {query.isPending && <Skeleton rows={8} />}
      {query.error && rows.length === 0 && <Problem failure={query.error} onRetry={() => void query.refetch()} />}
      {query.data !== undefined && (
        <div className={accountStyles.content}>
          <UserTable
            users={rows}
            sort={{ column: order?.field ?? 'USERNAME', direction: order?.direction === 'DESC' ? 'desc' : 'asc' }}
            onSort={({ column, direction }) => change({ sort: `${column}.${direction}` })}
            onAction={(action, user) => setOpen({ action, user })}
          />
        </div>
      )}
      <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} />
      {isInviting && (
        <InviteDialog
          onClose={() => setInviting(false)}
          onDone={(url) => {
            setInviting(false);
            setSecret({ title: t('admin.invitation_once'), text: url });
          }}
        />
      )}
      {open && (
        <UserDialog
          action={open.action}
          user={open.user}
          onClose={() => setOpen(null)}
          onLink={(url) => {
            setOpen(null);
            setSecret({ title: t('admin.reset_once', { username: open.user.username }), text: url });
          }}
        />
      )}
    </>
  );
}

function orderOf(sort: (typeof SORTS)[number]): UserOrder {
  const [field, direction] = sort.split('.');
  return {
    field: field === 'USERNAME' ? 'USERNAME' : 'LAST_ACTIVE_AT',
    direction: direction === 'desc' ? 'DESC' : 'ASC',
  };
}
