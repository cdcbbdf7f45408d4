import { useState } from 'react';
import { usePages, useSending, type DataOf } from '../../api';
import { AccountSessionsDocument, SessionRevokeDocument, SessionsRevokeDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Chip, ConfirmDialog, LoadMore, Problem, Skeleton, Table, Time, toast, type Column } from '../../ui';
import styles from './AccountPage.module.css';

type Session = NonNullable<NonNullable<DataOf<typeof AccountSessionsDocument>['viewer']>['sessions']>['nodes'][number];

/** Where the person is signed in. */
export function SessionsTab() {
  const t = useT();
  const [isAsking, setAsking] = useState(false);
  const { rows, query, more } = usePages(AccountSessionsDocument, {}, (data) => data.viewer?.sessions);
  const one = useSending(SessionRevokeDocument, ['AccountSessions']);
  const all = useSending(SessionsRevokeDocument, ['AccountSessions']);
  const columns: Column<Session>[] = [
    {
      id: 'device',
      header: t('account.device'),
      cell: (session) => (
        <>
          <div className={styles.chips}>
            <span title={session.client}>{session.device}</span>
            {session.isCurrent && <Chip tone="good">{t('account.this_session')}</Chip>}
            {session.endedAt !== null && <Chip tone="neutral">{t('account.session_ended')}</Chip>}
          </div>
          <div className={styles.muted}>{session.address}</div>
        </>
      ),
    },
    {
      id: 'method',
      header: t('account.method'),
      cell: (session) => session.provider ?? t(`account.method_${session.method}`),
    },
    { id: 'used', header: t('account.last_used'), cell: (session) => <Time at={session.lastUsedAt} /> },
    { id: 'created', header: t('account.signed_in'), cell: (session) => <Time at={session.createdAt} />, hideOnPhone: true },
    { id: 'expires', header: t('account.expires'), cell: (session) => <Time at={session.expiresAt} />, hideOnPhone: true },
    {
      id: 'actions',
      header: t('account.actions'),
      align: 'end',
      cell: (session) =>
        session.viewerCanRevoke &&
        session.endedAt === null &&
        !session.isCurrent && (
          <Button size="s" busy={one.isBusy} onClick={() => void one.send({ input: { id: session.id } })}>
            {t('account.end_session')}
          </Button>
        ),
    },
  ];
  async function endOthers(): Promise<void> {
    const answer = await all.send({ input: { keepCurrent: true } });
    if (answer === null) return;
    setAsking(false);
    toast({ title: t('account.sessions_ended', { count: answer.sessionsRevoke.deletedCount ?? 0 }), tone: 'good' });
  }
  return (
    <>
      <div className={styles.bar}>
        <p>{t('account.sessions_more')}</p>
        <Button onClick={() => setAsking(true)}>{t('account.end_others')}</Button>
      </div>
      {(one.failure ?? one.errors[0]) && <p role="alert">{one.failure?.message ?? one.errors[0]?.message}</p>}
      {query.isPending && <Skeleton rows={4} />}
      {query.error && rows.length === 0 && <Problem failure={query.error} onRetry={() => void query.refetch()} />}
      {query.data !== undefined && (
        <Table
          caption={t('account.tab_sessions')}
          columns={columns}
          rows={rows}
          rowKey={(session) => session.id}
          empty={t('account.no_sessions')}
        />
      )}
      <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} />
      <ConfirmDialog
        open={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => void endOthers()}
        title={t('account.end_others')}
        confirmLabel={t('account.end_others')}
        busy={all.isBusy}
        problem={all.failure?.message ?? all.errors[0]?.message}
      >
        <p>{t('account.end_others_more')}</p>
      </ConfirmDialog>
    </>
  );
}
