import { useT } from '../../../i18n';
import { Table } from '../../../ui';
import styles from '../versions.module.css';

/** Something that differs, in words. */
export interface ShownChange {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly note?: string | undefined;
}

/** What it was and what it is, line by line. */
export function ChangesTable({ caption, changes }: { readonly caption: string; readonly changes: readonly ShownChange[] }) {
  const t = useT();
  const hasNotes = changes.some(({ note }) => note !== undefined);
  return (
    <Table<ShownChange>
      caption={caption}
      rows={changes}
      rowKey={({ name, note }) => `${name}\n${note ?? ''}`}
      columns={[
        { id: 'name', header: t('models.name'), cell: ({ name }) => name },
        { id: 'before', header: t('versions.before'), cell: ({ before }) => (before === null ? '–' : <span className={styles.removed}>{before}</span>) },
        { id: 'after', header: t('versions.after'), cell: ({ after }) => (after === null ? '–' : <span className={styles.added}>{after}</span>) },
        ...(hasNotes ? [{ id: 'note', header: t('versions.note'), cell: ({ note }: ShownChange) => note ?? '' }] : []),
      ]}
    />
  );
}
