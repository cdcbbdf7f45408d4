import { useT } from '../../i18n';
import { Person, Section, StageChip, StatusChip, Table, Time, type Column } from '../../ui';
import { HrefLink } from './HrefLink';
import type { RecentVersion } from './waiting';

/** The versions that changed last, of all projects of the viewer. */
export function RecentVersions({ versions }: { readonly versions: readonly RecentVersion[] }) {
  const t = useT();
  const columns: Column<RecentVersion>[] = [
    {
      id: 'version',
      header: t('home.version'),
      cell: ({ version, project }) => {
        const model = version.model?.name ?? '';
        const href = `/${project}/-/models/${encodeURIComponent(model)}/versions/${encodeURIComponent(version.version)}`;
        return <HrefLink href={href}>{`${model} ${version.version}`}</HrefLink>;
      },
    },
    {
      id: 'status',
      header: t('home.status'),
      cell: ({ version }) =>
        version.status === 'READY' && version.stage !== 'none' ? (
          <StageChip name={version.stage} />
        ) : (
          <StatusChip status={version.status} />
        ),
    },
    { id: 'project', header: t('home.project'), cell: ({ project }) => project, hideOnPhone: true },
    {
      id: 'who',
      header: t('home.created_by'),
      cell: ({ version }) => version.createdBy && <Person user={version.createdBy} />,
      hideOnPhone: true,
    },
    { id: 'when', header: t('home.updated'), cell: ({ version }) => <Time at={version.updatedAt} />, align: 'end' },
  ];
  return (
    <Section title={t('home.recent')}>
      <Table
        caption={t('home.recent')}
        columns={columns}
        rows={versions}
        rowKey={({ version }) => version.id}
        empty={t('home.recent_none')}
      />
    </Section>
  );
}
