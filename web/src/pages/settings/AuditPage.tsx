import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { usePages, type DataOf } from '../../api';
import { AuditDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { present } from '../../routes/search';
import { Chip, Empty, Field, Loaded, LoadMore, PageHeader, Person, SearchInput, Table, Time, type Column } from '../../ui';
import styles from './settings.module.css';

const FROM = '/p/$project/audit';
const TONES = { CREATE: 'good', UPDATE: 'info', DELETE: 'bad', OTHER: 'neutral' } as const;

type Entry = NonNullable<DataOf<typeof AuditDocument>['auditLog']>['nodes'][number];

/** Who changed what and when, from which machine: the log that nothing is taken out of. */
export function AuditPage() {
  const t = useT();
  const { project } = useParams({ from: FROM });
  const { by, type } = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const { rows, query, more } = usePages(
    AuditDocument,
    { project, doneBy: by ?? null, objectType: type ?? null },
    (data) => data.auditLog,
  );

  const columns: readonly Column<Entry>[] = [
    { id: 'number', header: '#', cell: ({ number }) => number, align: 'end', hideOnPhone: true },
    { id: 'when', header: t('settings.when'), cell: ({ happenedAt }) => <Time at={happenedAt} withTime /> },
    {
      id: 'who',
      header: t('settings.who'),
      cell: ({ username, ciJob }) => (
        <>
          {username === null ? '–' : <Person user={{ name: username }} />} {ciJob && <span className={styles.quiet}>{ciJob}</span>}
        </>
      ),
    },
    {
      id: 'action',
      header: t('settings.action'),
      cell: ({ action }) => <Chip tone={TONES[action]}>{t(`settings.audit_${action}`)}</Chip>,
    },
    {
      id: 'what',
      header: t('settings.what'),
      cell: ({ objectType, objectValues }) => (
        <span className={styles.cell}>
          {objectType.replaceAll('_', ' ')}{' '}
          <span className={styles.quiet}>{objectValues.map(({ value }) => value).filter((value) => value !== null && value !== 'null').join(' ')}</span>
        </span>
      ),
    },
    { id: 'changes', header: t('settings.changes'), cell: (entry) => <Changes entry={entry} />, hideOnPhone: true },
    {
      id: 'from',
      header: t('settings.from'),
      cell: ({ address, client }) => [address, client].filter(Boolean).join(' · '),
      hideOnPhone: true,
    },
  ];

  return (
    <>
      <PageHeader title={t('settings.audit')} description={t('settings.audit_about')} />
      <div className={styles.filters}>
        <Field label={t('settings.by')}>
          <SearchInput
            value={by ?? ''}
            onChange={(value) => void navigate({ search: present({ by: value || undefined, type }), replace: true })}
          />
        </Field>
        <Field label={t('settings.object_type')}>
          <SearchInput
            value={type ?? ''}
            onChange={(value) =>
              void navigate({ search: present({ by, type: value || undefined }), replace: true })
            }
          />
        </Field>
      </div>
      <Loaded query={query}>
        {() => (
          <Table
            caption={t('settings.audit')}
            tall
            columns={columns}
            rows={rows}
            rowKey={({ number }) => String(number)}
            empty={<Empty title={t('settings.no_entries')} />}
          />
        )}
      </Loaded>
      <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} shown={rows.length} />
    </>
  );
}

const SHOWN = 4;

function Changes({ entry: { changes } }: { readonly entry: Entry }) {
  return (
    <>
      {changes.slice(0, SHOWN).map(({ name, before, after }) => (
        <div key={name} className={styles.change}>
          {name}: {isTold(before) && <del>{shortened(before)}</del>} {isTold(after) && <ins>{shortened(after)}</ins>}
        </div>
      ))}
      {changes.length > SHOWN && <div className={styles.quiet}>+ {changes.length - SHOWN}</div>}
    </>
  );
}

/** Whether there was a value at all: empty ones say nothing beside what came in their place. */
function isTold(value: string | null): value is string {
  return value !== null && value !== 'null' && value !== '""';
}

function shortened(value: string): string {
  return value.length > 60 ? `${value.slice(0, 59)}…` : value;
}
