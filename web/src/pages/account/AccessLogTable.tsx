import type { AccessLogLineFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip, Person, Table, Time, type Column } from '../../ui';
import styles from './AccountPage.module.css';

/** Entries of the access log. */
export function AccessLogTable({ entries }: { readonly entries: readonly AccessLogLineFragment[] }) {
  const t = useT();
  const columns: Column<AccessLogLineFragment>[] = [
    { id: 'when', header: t('account.when'), cell: (entry) => <Time at={entry.happenedAt} withTime /> },
    {
      id: 'action',
      header: t('account.action'),
      cell: (entry) => (
        <>
          <div className={styles.chips}>
            <span>{t(`account.action_${entry.action}`)}</span>
            {entry.status === 'REFUSED' && <Chip tone="bad">{t('account.refused')}</Chip>}
          </div>
          {entry.statusReason !== null && <div className={styles.muted}>{entry.statusReason}</div>}
        </>
      ),
    },
    {
      id: 'about',
      header: t('account.about'),
      cell: (entry) => entry.username ?? entry.project?.fullPath ?? entry.group?.fullPath ?? '',
    },
    {
      id: 'by',
      header: t('account.by'),
      cell: (entry) => entry.doneBy && <Person user={entry.doneBy} />,
      hideOnPhone: true,
    },
    {
      id: 'details',
      header: t('account.details'),
      cell: (entry) => (
        <span className={styles.muted}>{entry.details.map(({ name, value }) => `${name}: ${value}`).join(' · ')}</span>
      ),
      hideOnPhone: true,
    },
    {
      id: 'from',
      header: t('account.from'),
      cell: (entry) => (
        <span className={styles.muted} title={entry.client ?? undefined}>
          {entry.address ?? ''}
        </span>
      ),
      hideOnPhone: true,
    },
  ];
  return (
    <Table
      caption={t('account.tab_log')}
      columns={columns}
      rows={entries}
      rowKey={(entry) => `${entry.happenedAt} ${entry.action} ${entry.requestId ?? ''} ${entry.username ?? ''}`}
      empty={t('account.log_empty')}
    />
  );
}
