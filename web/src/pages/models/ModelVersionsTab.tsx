import { useNavigate, useSearch } from '@tanstack/react-router';
import { GitCompareArrows } from 'lucide-react';
import { useMemo, useState } from 'react';
import { asFailure, usePages } from '../../api';
import { ModelVersionsDocument, type VersionRowFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { VERSION_SORTS } from '../../routes/models';
import { Button, Combobox, FilterBar, Problem, SearchInput, Segmented, Skeleton, VirtualTable } from '../../ui';
import { DeleteVersionDialog } from '../versions/DeleteVersionDialog';
import { useRestoreVersion } from '../versions/restoring';
import { useArrangement, usualArrangement } from './arrangement';
import { measuresOf } from './measured';
import type { ShownModel } from './ModelTab';
import styles from './models.module.css';
import { listedVersions } from './opening';
import { sortFrom, sortTo } from './sorting';
import { VersionsEmpty } from './VersionsEmpty';
import { deletedVersionColumns, versionColumns } from './version_columns';

/** So many metrics are columns before anyone has chosen. */
const SHOWN_AT_FIRST = 3;

const keyOf = ({ id }: VersionRowFragment) => id;

const usual = usualArrangement('version');

/** The versions of a model, with metrics as columns; two or more selected ones can be compared. */
export function ModelVersionsTab({ project, model }: { readonly project: string; readonly model: ShownModel }) {
  const t = useT();
  const search = useSearch({ from: '/p/$project/models/$model' });
  const navigate = useNavigate({ from: '/p/$project/models/$model' });
  const [deleting, setDeleting] = useState<VersionRowFragment | null>(null);
  const restore = useRestoreVersion();
  const isTrash = search.view === 'deleted';
  const sort = sortFrom(search.sort ?? '-version');
  const versions = usePages(
    ModelVersionsDocument,
    listedVersions(project, model.name, search),
    (data) => data.model?.versions,
  );
  const measures = useMemo(() => measuresOf(versions.rows), [versions.rows]);
  const chosen = search.metrics ?? measures.slice(0, SHOWN_AT_FIRST).map(({ id }) => id);
  const selected = useMemo(() => new Set(search.selected), [search.selected]);
  const show = (change: Partial<typeof search>) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const arrangement = useArrangement(search.cols, usual, (cols) => show({ cols }));
  const shown = chosen.join('\n');
  const columns = useMemo(
    () =>
      isTrash
        ? deletedVersionColumns(t, { restore: (version) => void restore(version), remove: setDeleting })
        : versionColumns(t, { project, model: model.name, metrics: shown === '' ? [] : shown.split('\n'), remove: setDeleting }),
    [t, isTrash, project, model.name, shown, restore],
  );
  return (
    <>
      <FilterBar
        search={
          <SearchInput isMain value={search.q ?? ''} onChange={(q) => show({ q })} label={t('versions.search')} placeholder={t('versions.search')} />
        }
      >
        <Segmented
          label={t('models.view')}
          items={[
            { value: 'active', label: t('models.view_active') },
            { value: 'deleted', label: t('models.view_deleted') },
          ]}
          value={isTrash ? 'deleted' : 'active'}
          onChange={(value) => show({ view: value === 'deleted' ? 'deleted' : undefined, selected: undefined, cols: undefined })}
        />
        {!isTrash && measures.length > 0 && (
          <div className={styles.columnChoice}>
            <Combobox
              aria-label={t('versions.metric_columns')}
              placeholder={t('versions.metric_columns')}
              multiple
              items={measures.map(({ id }) => ({ value: id, label: id }))}
              value={chosen}
              onChange={(metrics) => show({ metrics: [...metrics] })}
            />
          </div>
        )}
        {!isTrash && (
          <Button
            icon={<GitCompareArrows />}
            disabled={selected.size < 2}
            onClick={() =>
              void navigate({ to: '/p/$project/compare', params: { project }, search: { versions: [...selected].join(',') } })
            }
          >
            {t('versions.compare', { count: selected.size })}
          </Button>
        )}
      </FilterBar>
      {versions.query.isError && versions.rows.length === 0 ? (
        <Problem failure={asFailure(versions.query.error)} onRetry={() => void versions.query.refetch()} />
      ) : versions.first === undefined ? (
        <Skeleton rows={8} />
      ) : versions.rows.length === 0 ? (
        <VersionsEmpty project={project} model={model} searched={search.q ?? ''} isTrash={isTrash} />
      ) : (
        <VirtualTable
          caption={t('versions.title_of', { model: model.name })}
          columns={columns}
          rows={versions.rows}
          total={versions.total}
          rowKey={keyOf}
          rowHeight={44}
          onEndReached={versions.more}
          loading={versions.query.isFetchingNextPage}
          {...arrangement}
          sort={sort}
          onSort={(wanted) => show({ sort: sortTo(wanted, VERSION_SORTS) })}
          {...(isTrash
            ? {}
            : {
                selection: selected,
                onOpen: ({ version }: VersionRowFragment) =>
                  void navigate({
                    to: '/p/$project/models/$model/versions/$version',
                    params: { project, model: model.name, version },
                  }),
                onSelection: (ids: ReadonlySet<string>) => show({ selected: ids.size > 0 ? [...ids] : undefined }),
              })}
        />
      )}
      {deleting && <DeleteVersionDialog model={model.name} version={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}
