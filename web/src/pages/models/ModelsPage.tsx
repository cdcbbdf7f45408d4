import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { PackagePlus } from 'lucide-react';
import { useMemo, useState } from 'react';
import { asFailure, usePages } from '../../api';
import { ModelsDocument, type ModelOrderField, type ModelRowFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { MODEL_SORTS } from '../../routes/models';
import { ButtonLink, FilterBar, PageHeader, Problem, SearchInput, Segmented, Skeleton, VirtualTable } from '../../ui';
import { useArrangement, usualArrangement } from './arrangement';
import { DeleteModelDialog } from './DeleteModelDialog';
import { deletedModelColumns, modelColumns } from './model_columns';
import { useModelSizes } from './model_sizes';
import { ModelsEmpty } from './ModelsEmpty';
import { useRegistryLive } from './registry_live';
import { RestoreModelDialog } from './RestoreModelDialog';
import { sortFrom, sortTo } from './sorting';

const FIELDS: Readonly<Record<string, ModelOrderField>> = {
  name: 'NAME',
  created: 'CREATED_AT',
  updated: 'UPDATED_AT',
};

/** Models in the trash have no sizes. */
const NONE: readonly ModelRowFragment[] = [];

const keyOf = ({ id }: ModelRowFragment) => id;

const usual = usualArrangement('name', ['created']);

/** The models of a project, or those in its trash. */
export function ModelsPage() {
  const t = useT();
  const { project } = useParams({ from: '/p/$project/models' });
  const search = useSearch({ from: '/p/$project/models' });
  const navigate = useNavigate({ from: '/p/$project/models' });
  const [deleting, setDeleting] = useState<ModelRowFragment | null>(null);
  const [restoring, setRestoring] = useState<ModelRowFragment | null>(null);
  const isTrash = search.view === 'deleted';
  const sort = sortFrom(search.sort ?? '-updated');
  const models = usePages(
    ModelsDocument,
    {
      project,
      search: search.q ?? '',
      view: isTrash ? 'DELETED' : 'ACTIVE',
      orderBy: { field: FIELDS[sort.column] ?? 'UPDATED_AT', direction: sort.direction === 'desc' ? 'DESC' : 'ASC' },
    },
    (data) => data.project?.models,
  );
  useRegistryLive(project, ['Models', 'ModelSizes']);
  const sizes = useModelSizes(isTrash ? NONE : models.rows);
  const mayWrite = models.first?.project?.viewerCanWriteRegistry === true;
  const columns = useMemo(
    () =>
      isTrash
        ? deletedModelColumns(t, { restore: setRestoring, remove: setDeleting })
        : modelColumns(t, project, sizes, { remove: setDeleting }),
    [t, isTrash, project, sizes],
  );
  const show = (change: Partial<typeof search>) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const arrangement = useArrangement(search.cols, usual, (cols) => show({ cols }));
  return (
    <>
      <PageHeader
        title={t('models.title')}
        description={models.total === null ? undefined : t('models.count', { count: models.total })}
        actions={
          mayWrite && (
            <ButtonLink variant="primary" to="/p/$project/new-model" params={{ project }} icon={<PackagePlus />}>
              {t('models.new')}
            </ButtonLink>
          )
        }
      />
      <FilterBar
        search={
          <SearchInput isMain value={search.q ?? ''} onChange={(q) => show({ q })} label={t('models.search')} placeholder={t('models.search')} />
        }
      >
        <Segmented
          label={t('models.view')}
          items={[
            { value: 'active', label: t('models.view_active') },
            { value: 'deleted', label: t('models.view_deleted') },
          ]}
          value={isTrash ? 'deleted' : 'active'}
          onChange={(value) => show({ view: value === 'deleted' ? 'deleted' : undefined, cols: undefined })}
        />
      </FilterBar>
      {models.query.isError && models.rows.length === 0 ? (
        <Problem failure={asFailure(models.query.error)} onRetry={() => void models.query.refetch()} />
      ) : models.first === undefined ? (
        <Skeleton rows={12} />
      ) : models.rows.length === 0 ? (
        <ModelsEmpty project={project} number={models.first.project?.number} searched={search.q ?? ''} isTrash={isTrash} mayWrite={mayWrite} />
      ) : (
        <VirtualTable
          caption={isTrash ? t('models.view_deleted') : t('models.title')}
          columns={columns}
          rows={models.rows}
          total={models.total}
          rowKey={keyOf}
          rowHeight={48}
          onEndReached={models.more}
          loading={models.query.isFetchingNextPage}
          {...arrangement}
          onOpen={({ name }) => {
            if (!isTrash) void navigate({ to: '/p/$project/models/$model', params: { project, model: name } });
          }}
          sort={sort}
          onSort={(chosen) => show({ sort: sortTo(chosen, MODEL_SORTS) })}
        />
      )}
      {deleting && <DeleteModelDialog model={deleting} onClose={() => setDeleting(null)} />}
      {restoring && <RestoreModelDialog model={restoring} onClose={() => setRestoring(null)} />}
    </>
  );
}
