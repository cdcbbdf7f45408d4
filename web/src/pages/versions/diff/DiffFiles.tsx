import { useT } from '../../../i18n';
import { Bytes, Chip, Section, Table } from '../../../ui';
import type { ShownDiff } from './DiffVerdict';

/** Files that were added, removed, changed or moved. */
export function DiffFiles({ files }: { readonly files: ShownDiff['files'] }) {
  const t = useT();
  return (
    <Section
      title={t('versions.files')}
      description={t('versions.files_differ', {
        same: files.sameCount,
        changed: files.changedCount,
        added: files.addedCount,
        removed: files.removedCount,
      })}
    >
      {files.changes.length > 0 && (
        <Table<(typeof files.changes)[number]>
          caption={t('versions.files')}
          rows={files.changes}
          rowKey={({ path }) => path}
          columns={[
            { id: 'path', header: t('versions.path'), cell: ({ path, movedFrom }) => (movedFrom === null ? path : `${movedFrom} → ${path}`) },
            {
              id: 'what',
              header: t('versions.what'),
              cell: ({ before, after, movedFrom }) => {
                if (movedFrom !== null) return <Chip tone="neutral">{t('versions.file_moved')}</Chip>;
                if (before === null) return <Chip tone="good">{t('versions.file_added')}</Chip>;
                if (after === null) return <Chip tone="bad">{t('versions.file_removed')}</Chip>;
                return <Chip tone="info">{t('versions.file_changed')}</Chip>;
              },
            },
            { id: 'before', header: t('versions.before'), align: 'end', cell: ({ before }) => (before ? <Bytes value={before.size} /> : '–') },
            { id: 'after', header: t('versions.after'), align: 'end', cell: ({ after }) => (after ? <Bytes value={after.size} /> : '–') },
          ]}
        />
      )}
    </Section>
  );
}
