import { Ellipsis, RotateCcw, Trash2 } from 'lucide-react';
import type { VersionRowFragment } from '../../api/operations';
import type { Translate } from '../../i18n';
import { AliasChip, Button, IconButton, Menu, MetricValue, Person, StageChip, type VirtualColumn } from '../../ui';
import { classes } from '../../ui/classes';
import { VersionMarks } from '../versions/VersionMarks';
import { copied } from './copied';
import { valueOf } from './measured';
import styles from './models.module.css';
import { VersionLink } from './VersionLink';
import { When } from './When';

type Version = VersionRowFragment;

/** The columns of the versions of a model; `metrics` are ids of measures. */
export function versionColumns(
  t: Translate,
  { project, model, metrics, remove }: {
    readonly project: string;
    readonly model: string;
    readonly metrics: readonly string[];
    readonly remove: (version: Version) => void;
  },
): VirtualColumn<Version>[] {
  return [
    {
      id: 'version',
      header: t('versions.version'),
      fixed: true,
      sortable: true,
      width: 138,
      cell: ({ version }) => <VersionLink project={project} model={model} version={version} />,
    },
    {
      id: 'chips',
      header: t('models.stages_and_aliases'),
      width: 260,
      cell: (version) => (
        <span className={classes(styles.chips, styles.inCell)} title={[version.stage, ...version.aliases.map(({ name }) => `@${name}`)].join(', ')}>
          {version.stage !== '' && version.stage !== 'none' && <StageChip name={version.stage} />}
          {version.aliases.map(({ id, name }) => (
            <AliasChip key={id} name={name} />
          ))}
          <VersionMarks version={version} />
        </span>
      ),
    },
    ...metrics.map(
      (id): VirtualColumn<Version> => ({
        id: `metric:${id}`,
        header: id,
        align: 'end',
        width: 120,
        cell: (version) => {
          const value = valueOf(version.metrics, id);
          return value === null ? '–' : <MetricValue value={value} />;
        },
      }),
    ),
    { id: 'created', header: t('models.created'), sortable: true, width: 130, cell: ({ createdAt }) => <When at={createdAt} /> },
    { id: 'who', header: t('models.who'), width: 150, cell: ({ createdBy }) => <Person user={createdBy} /> },
    {
      id: 'actions',
      header: t('models.actions'),
      width: 84,
      align: 'end',
      cell: (version) => (
        <Menu
          trigger={<IconButton icon={<Ellipsis />} label={t('models.actions_of', { name: version.version })} />}
          items={[
            { label: t('models.copy_uri'), onSelect: () => copied(t, `models:/${model}/${version.version}`) },
            ...(version.viewerCanDelete
              ? ['separator' as const, { label: t('versions.delete'), icon: <Trash2 />, danger: true, onSelect: () => remove(version) }]
              : []),
          ]}
        />
      ),
    },
  ];
}

/** The columns of the versions in the trash. */
export function deletedVersionColumns(
  t: Translate,
  on: { readonly restore: (version: Version) => void; readonly remove: (version: Version) => void },
): VirtualColumn<Version>[] {
  return [
    { id: 'version', header: t('versions.version'), sortable: true, width: 200, cell: ({ version }) => <span className={styles.version}>{version}</span> },
    { id: 'deleted', header: t('models.deleted'), width: 140, cell: ({ deletedAt }) => <When at={deletedAt} /> },
    { id: 'purge', header: t('models.purge'), width: 140, cell: ({ purgeAt }) => <When at={purgeAt} /> },
    {
      id: 'actions',
      header: t('models.actions'),
      width: 220,
      cell: (version) =>
        version.viewerCanDelete && (
          <span className={styles.actions}>
            <Button size="s" variant="secondary" icon={<RotateCcw />} onClick={() => on.restore(version)}>
              {t('models.restore')}
            </Button>
            <IconButton icon={<Trash2 />} label={t('models.purge_now')} onClick={() => on.remove(version)} />
          </span>
        ),
    },
  ];
}
