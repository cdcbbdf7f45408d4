import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { usePages, useSending, type DataOf } from '../../api';
import { AdminInvitationsDocument, InvitationRenewDocument, InvitationRevokeDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Chip, LoadMore, Person, Problem, Select, Skeleton, Table, Time, type Column } from '../../ui';
import { Secret } from '../account/Secret';
import accountStyles from '../account/AccountPage.module.css';
import styles from './AdminPage.module.css';

type Invitation = NonNullable<DataOf<typeof AdminInvitationsDocument>['invitations']>['nodes'][number];

/** The choice of a filter that leaves nothing out. */
const ANY = 'any';
const STATUSES = ['PENDING', 'ACCEPTED', 'REVOKED', 'EXPIRED'] as const;
const TONES = { PENDING: 'info', ACCEPTED: 'good', REVOKED: 'neutral', EXPIRED: 'warn' } as const;

/** All invitations: who was invited to what, and what became of it. */
export function InvitationsTab() {
  const t = useT();
  const navigate = useNavigate({ from: '/-/admin/users' });
  const { invitations: status } = useSearch({ from: '/-/admin/users' });
  const [link, setLink] = useState<string | null>(null);
  const list = usePages(AdminInvitationsDocument, { status: status ?? null }, (data) => data.invitations);
  const renewal = useSending(InvitationRenewDocument, ['AdminInvitations']);
  const end = useSending(InvitationRevokeDocument, ['AdminInvitations']);
  const renew = async (id: string) => setLink((await renewal.send({ input: { id } }))?.invitationRenew.url ?? null);
  const problem = [renewal, end].map((one) => one.failure?.message ?? one.errors[0]?.message).find(Boolean);
  const columns: Column<Invitation>[] = [
    {
      id: 'whom',
      header: t('admin.invited'),
      cell: (one) => (
        <>
          <div>{one.acceptedBy ? <Person user={one.acceptedBy} /> : (one.email ?? t('admin.anybody'))}</div>
          {one.isAdmin && <div className={accountStyles.muted}>{t('admin.as_administrator')}</div>}
        </>
      ),
    },
    {
      id: 'to',
      header: t('admin.member_of'),
      cell: (one) => (
        <div className={accountStyles.chips}>
          {one.memberships.map((membership, index) => (
            <Chip key={index} tone="neutral">
              {`${membership.group?.fullPath ?? membership.project?.fullPath ?? ''} · ${t(`namespaces.role_${membership.role}`)}`}
            </Chip>
          ))}
        </div>
      ),
    },
    {
      id: 'status',
      header: t('admin.status'),
      cell: (one) => <Chip tone={TONES[one.status]}>{t(`admin.invitation_${one.status}`)}</Chip>,
    },
    { id: 'expires', header: t('account.expires'), cell: (one) => <Time at={one.expiresAt} /> },
    {
      id: 'by',
      header: t('admin.invited_by'),
      cell: (one) => one.createdBy && <Person user={one.createdBy} />,
      hideOnPhone: true,
    },
    {
      id: 'actions',
      header: t('account.actions'),
      align: 'end',
      cell: (one) =>
        one.viewerCanRevoke && (
          <div className={accountStyles.rowActions}>
            <Button size="s" onClick={() => void renew(one.id)}>
              {t('admin.renew')}
            </Button>
            {one.status === 'PENDING' && (
              <Button size="s" variant="quiet" onClick={() => void end.send({ input: { id: one.id } })}>
                {t('account.revoke')}
              </Button>
            )}
          </div>
        ),
    },
  ];
  return (
    <>
      <div className={styles.filters}>
        <div className={styles.choice}>
          <Select
            aria-label={t('admin.status')}
            items={[
              { value: ANY, label: t('admin.status_any') },
              ...STATUSES.map((one) => ({ value: one, label: t(`admin.invitation_${one}`) })),
            ]}
            value={status ?? ANY}
            onChange={(value) =>
              void navigate({
                search: (old) => ({ ...old, invitations: STATUSES.find((one) => one === value) }),
                replace: true,
              })
            }
          />
        </div>
      </div>
      {link !== null && <Secret title={t('admin.invitation_once')} text={link} onDone={() => setLink(null)} />}
      {problem && <p role="alert">{problem}</p>}
      {list.query.isPending && <Skeleton rows={5} />}
      {list.query.error && list.rows.length === 0 && (
        <Problem failure={list.query.error} onRetry={() => void list.query.refetch()} />
      )}
      {list.query.data !== undefined && (
        <Table
          caption={t('admin.tab_invitations')}
          columns={columns}
          rows={list.rows}
          rowKey={(one) => one.id}
          empty={t('admin.no_invitation')}
        />
      )}
      <LoadMore hasMore={list.query.hasNextPage} busy={list.query.isFetchingNextPage} onMore={list.more} />
    </>
  );
}
