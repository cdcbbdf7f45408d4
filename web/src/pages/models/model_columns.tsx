import { Link } from '@tanstack/react-router';
import { Ellipsis, RotateCcw, Trash2 } from 'lucide-react';
import type { ModelRowFragment } from '../../api/operations';
import type { Translate } from '../../i18n';
import { Button, Bytes, Count, IconButton, Menu, Person, type VirtualColumn } from '../../ui';
import { copied } from './copied';
import { ModelChips } from './ModelChips';
import styles from './models.module.css';
import { VersionLink } from './VersionLink';
import { When } from './When';

type Model = ModelRowFragment;

/** The columns of the models of a project. */
export function modelColumns(
  t: Translate,
  project: string,
  sizes: ReadonlyMap<string, number>,
  on: { readonly remove: (model: Model) => void },
): VirtualColumn<Model>[] {
  return [
    {
      id: 'name',
      header: t('models.name'),
      fixed: true,
      sortable: true,
      width: 244,
      cell: (model) => (
        <Link className={styles.name} to="/p/$project/models/$model" params={{ project, model: model.name }} title={model.name}>
          {model.name}
        </Link>
      ),
    },
    {
      id: 'latest',
      header: t('models.latest'),
      width: 110,
      cell: ({ latestVersion, name }) =>
        latestVersion ? <VersionLink project={project} model={name} version={latestVersion.version} /> : '–',
    },
    {
      id: 'chips',
      header: t('models.stages_and_aliases'),
      width: 304,
      cell: (model) => <ModelChips project={project} model={model} most={2} />,
    },
    {
      id: 'versions',
      header: t('models.versions'),
      align: 'end',
      width: 80,
      cell: ({ versions }) => <Count value={versions.totalCount ?? 0} />,
    },
    {
      id: 'size',
      header: t('models.size'),
      align: 'end',
      width: 86,
      cell: ({ id }) => sizes.has(id) && <Bytes value={sizes.get(id)} />,
    },
    {
      id: 'who',
      header: t('models.who'),
      width: 130,
      cell: ({ latestVersion, createdBy }) => <Person user={latestVersion?.createdBy ?? createdBy} />,
    },
    { id: 'updated', header: t('models.updated'), sortable: true, width: 120, cell: ({ updatedAt }) => <When at={updatedAt} /> },
    {
      id: 'created',
      header: t('models.created'),
      sortable: true,
      width: 130,
      cell: ({ createdAt }) => <When at={createdAt} />,
    },
    {
      id: 'actions',
      header: t('models.actions'),
      width: 84,
      align: 'end',
      cell: (model) => (
        <Menu
          trigger={<IconButton icon={<Ellipsis />} label={t('models.actions_of', { name: model.name })} />}
          items={[
            { label: t('models.copy_name'), onSelect: () => copied(t, model.name) },
            ...(model.viewerCanDelete
              ? [
                  'separator' as const,
                  { label: t('models.delete'), icon: <Trash2 />, danger: true, onSelect: () => on.remove(model) },
                ]
              : []),
          ]}
        />
      ),
    },
  ];
}

/** The columns of the models in the trash. */
export function deletedModelColumns(
  t: Translate,
  on: { readonly restore: (model: Model) => void; readonly remove: (model: Model) => void },
): VirtualColumn<Model>[] {
  return [
    { id: 'name', header: t('models.name'), sortable: true, width: 300, cell: ({ name }) => <span className={styles.name} title={name}>{name}</span> },
    {
      id: 'versions',
      header: t('models.versions'),
      align: 'end',
      width: 90,
      cell: ({ versions }) => <Count value={versions.totalCount ?? 0} />,
    },
    {
      id: 'deleted',
      header: t('models.deleted'),
      width: 140,
      cell: ({ deletedAt }) => <When at={deletedAt} />,
    },
    { id: 'by', header: t('models.deleted_by'), width: 160, cell: ({ deletedBy }) => <Person user={deletedBy} /> },
    { id: 'purge', header: t('models.purge'), width: 140, cell: ({ purgeAt }) => <When at={purgeAt} /> },
    {
      id: 'actions',
      header: t('models.actions'),
      width: 220,
      cell: (model) =>
        model.viewerCanDelete && (
          <span className={styles.actions}>
            <Button size="s" variant="secondary" icon={<RotateCcw />} onClick={() => on.restore(model)}>
              {t('models.restore')}
            </Button>
            <IconButton icon={<Trash2 />} label={t('models.purge_now')} onClick={() => on.remove(model)} />
          </span>
        ),
    },
  ];
}
