import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { usePages, useSending, type DataOf } from '../../api';
import { ProjectUploadsDocument, UploadsAbortDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Bytes, ConfirmDialog, Empty, Loaded, LoadMore, PageHeader, Person, StatusChip, Table, Time, type Column } from '../../ui';

const FROM = '/p/$project/uploads';

type Row = NonNullable<DataOf<typeof ProjectUploadsDocument>['artifactUploads']>['nodes'][number];

/** Uploads of a project that have not ended, and a way to give them up. */
export function UploadsPage() {
  const t = useT();
  const { project } = useParams({ from: FROM });
  const { rows, first, query, more } = usePages(ProjectUploadsDocument, { project }, (data) => data.artifactUploads);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [isAsking, setAsking] = useState(false);
  const { send, isBusy, errors, failure, reset } = useSending(UploadsAbortDocument, [ProjectUploadsDocument.name]);
  const isManager = first?.project?.viewerCanManage === true;
  const mayAbort = (row: Row) => isManager || row.viewerCanComplete;
  const chosen = rows.filter((row) => selected.has(row.id) && mayAbort(row));
  const abort = async () => {
    if ((await send({ input: { ids: chosen.map(({ id }) => id) } })) === null) return;
    setSelected(new Set());
    setAsking(false);
  };
  const columns: readonly Column<Row>[] = [
    { id: 'path', header: t('artifacts.file'), cell: (row) => row.path },
    {
      id: 'candidate',
      header: t('artifacts.owner'),
      cell: (row) =>
        row.candidate && (
          <Link to="/p/$project/candidates/$candidate" params={{ project, candidate: row.candidate.uuid }}>
            {row.candidate.name || row.candidate.uuid.slice(0, 8)}
          </Link>
        ),
    },
    { id: 'size', header: t('artifacts.size'), cell: (row) => <Bytes value={row.size} />, align: 'end' },
    { id: 'status', header: t('artifacts.status'), cell: (row) => <StatusChip status={row.status} /> },
    { id: 'who', header: t('artifacts.who'), cell: (row) => <Person user={row.createdBy} />, hideOnPhone: true },
    { id: 'begun', header: t('artifacts.begun'), cell: (row) => <Time at={row.createdAt} />, hideOnPhone: true },
    { id: 'ends', header: t('artifacts.expires'), cell: (row) => <Time at={row.expiresAt} />, hideOnPhone: true },
  ];
  return (
    <>
      <PageHeader
        title={t('artifacts.uploads')}
        description={t('artifacts.uploads_text')}
        actions={
          rows.length > 0 && (
            <Button variant="danger" disabled={chosen.length === 0} onClick={() => setAsking(true)}>
              {t('artifacts.abort', { count: chosen.length })}
            </Button>
          )
        }
      />
      <Loaded query={query}>
        {() => (
          <>
            <Table
              columns={columns}
              rows={rows}
              rowKey={({ id }) => id}
              rowLabel={({ path }) => path}
              selected={selected}
              onSelect={setSelected}
              caption={t('artifacts.uploads')}
              empty={<Empty title={t('artifacts.no_uploads')} />}
            />
            <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} />
          </>
        )}
      </Loaded>
      <ConfirmDialog
        open={isAsking}
        onClose={() => {
          reset();
          setAsking(false);
        }}
        onConfirm={() => void abort()}
        title={t('artifacts.abort_title', { count: chosen.length })}
        confirmLabel={t('artifacts.abort', { count: chosen.length })}
        busy={isBusy}
        problem={errors[0]?.message ?? failure?.message}
      >
        <p>{t('artifacts.abort_text')}</p>
      </ConfirmDialog>
    </>
  );
}
