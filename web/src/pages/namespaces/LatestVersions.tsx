import { useT } from '../../i18n';
import { Person, Section, StageChip, StatusChip, Table, Time, type Column } from '../../ui';
import { HrefLink } from '../home/HrefLink';
import type { ProjectOfPage } from './ProjectPage';

type Version = ProjectOfPage['modelVersionSearch']['nodes'][number];

interface Props {
  readonly project: string;
  readonly versions: readonly Version[];
}

/** The versions of a project that changed last. */
export function LatestVersions({ project, versions }: Props) {
  const t = useT();
  const columns: Column<Version>[] = [
    {
      id: 'version',
      header: t('namespaces.version'),
      cell: (version) => {
        const model = version.model?.name ?? '';
        const href = `/${project}/-/models/${encodeURIComponent(model)}/versions/${encodeURIComponent(version.version)}`;
        return <HrefLink href={href}>{`${model} ${version.version}`}</HrefLink>;
      },
    },
    {
      id: 'status',
      header: t('namespaces.status'),
      cell: (version) =>
        version.status === 'READY' && version.stage !== 'none' ? (
          <StageChip name={version.stage} />
        ) : (
          <StatusChip status={version.status} />
        ),
    },
    {
      id: 'who',
      header: t('namespaces.created_by'),
      cell: (version) => version.createdBy && <Person user={version.createdBy} />,
      hideOnPhone: true,
    },
    { id: 'when', header: t('namespaces.created'), cell: (version) => <Time at={version.createdAt} />, align: 'end' },
  ];
  return (
    <Section title={t('namespaces.latest_versions')}>
      <Table
        caption={t('namespaces.latest_versions')}
        columns={columns}
        rows={versions}
        rowKey={(version) => version.id}
        empty={t('namespaces.no_version')}
      />
    </Section>
  );
}
