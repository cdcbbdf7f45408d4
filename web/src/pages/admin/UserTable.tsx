import { Ellipsis, KeyRound, ShieldCheck, ShieldOff, Trash2, UserCheck, UserX } from 'lucide-react';
import type { UserLineFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip, IconButton, Menu, Person, Table, Time, type Column, type Sort } from '../../ui';
import type { UserAction } from './UserDialog';
import styles from '../account/AccountPage.module.css';

interface Props {
  readonly users: readonly UserLineFragment[];
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
  readonly onAction: (action: UserAction, user: UserLineFragment) => void;
}

/** Users, and what an administrator may do with each. */
export function UserTable({ users, sort, onSort, onAction }: Props) {
  const t = useT();
  const actionsOf = (user: UserLineFragment) => [
    {
      label: t('admin.reset'),
      icon: <KeyRound />,
      onSelect: () => onAction('reset', user),
      disabled: user.deactivatedAt !== null,
    },
    user.isAdmin === true
      ? { label: t('admin.remove_admin'), icon: <ShieldOff />, onSelect: () => onAction('removeAdmin', user) }
      : { label: t('admin.make_admin'), icon: <ShieldCheck />, onSelect: () => onAction('makeAdmin', user) },
    'separator' as const,
    user.deactivatedAt === null
      ? { label: t('admin.deactivate'), icon: <UserX />, onSelect: () => onAction('deactivate', user), danger: true }
      : { label: t('admin.reactivate'), icon: <UserCheck />, onSelect: () => onAction('reactivate', user) },
    { label: t('admin.delete'), icon: <Trash2 />, onSelect: () => onAction('delete', user), danger: true },
  ];
  const columns: Column<UserLineFragment>[] = [
    {
      id: 'USERNAME',
      header: t('admin.user'),
      sortable: true,
      cell: (user) => (
        <>
          <Person user={user} />
          <div className={styles.muted}>@{user.username}</div>
        </>
      ),
    },
    { id: 'email', header: t('admin.email'), cell: (user) => user.email ?? '' },
    {
      id: 'status',
      header: t('admin.status'),
      cell: (user) => (
        <span className={styles.chips}>
          {user.isDeleted ? (
            <Chip tone="neutral">{t('admin.status_DELETED')}</Chip>
          ) : user.deactivatedAt === null ? (
            <Chip tone="good">{t('admin.status_ACTIVE')}</Chip>
          ) : (
            <Chip tone="warn">{t('admin.status_DEACTIVATED')}</Chip>
          )}
          {user.isAdmin === true && <Chip tone="accent">{t('admin.administrator')}</Chip>}
          {user.isBot && <Chip tone="info">{t('admin.bot')}</Chip>}
        </span>
      ),
    },
    {
      id: 'LAST_ACTIVE_AT',
      header: t('admin.last_active'),
      sortable: true,
      cell: (user) => (user.lastActiveAt === null ? t('account.never_used') : <Time at={user.lastActiveAt} />),
    },
    { id: 'created', header: t('account.created'), cell: (user) => <Time at={user.createdAt} />, hideOnPhone: true },
    {
      id: 'actions',
      header: t('account.actions'),
      align: 'end',
      cell: (user) =>
        user.viewerCanManage && (
          <Menu
            trigger={
              <IconButton icon={<Ellipsis />} label={t('account.actions_for', { name: user.username })} />
            }
            items={actionsOf(user)}
          />
        ),
    },
  ];
  return (
    <Table
      caption={t('admin.title')}
      columns={columns}
      rows={users}
      rowKey={(user) => user.id}
      sort={sort}
      onSort={onSort}
      empty={t('admin.no_user')}
    />
  );
}
