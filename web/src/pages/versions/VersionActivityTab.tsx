import { useQuery } from '@tanstack/react-query';
import { query } from '../../api';
import { VersionActivityDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Count, Loaded, Person, Section, Table } from '../../ui';
import { newestFirst, ofStage, ofWithdrawal, type Happening } from '../models/activity';
import { ActivityList } from '../models/ActivityList';
import styles from '../models/models.module.css';

/** What happened to a version, and who fetched it. */
export function VersionActivityTab({
  project,
  model,
  id,
}: {
  readonly project: string;
  readonly model: string;
  readonly id: string;
}) {
  const t = useT();
  const activity = useQuery(query(VersionActivityDocument, { id }));
  return (
    <Loaded query={activity}>
      {({ modelVersion: version }) => {
        if (version === null) return null;
        const made: Happening = {
          at: version.createdAt,
          kind: 'version_created',
          version: version.version,
          name: '',
          reason: '',
          by: version.createdBy,
        };
        const sealed: Happening[] = version.seal
          ? [{ ...made, at: version.seal.sealedAt, kind: 'sealed', by: version.seal.sealedBy }]
          : [];
        const happened = newestFirst([
          made,
          ...sealed,
          ...version.withdrawals.flatMap((withdrawal) => ofWithdrawal(version.version, withdrawal)),
          ...version.stageHistory.nodes.flatMap(ofStage),
        ]);
        return (
          <div className={styles.aside}>
            <ActivityList project={project} model={model} happened={happened} />
            {version.pulls.nodes.length > 0 && (
              <Section title={t('versions.pulls')}>
                <Table<(typeof version.pulls.nodes)[number]>
                  caption={t('versions.pulls')}
                  rows={version.pulls.nodes}
                  rowKey={({ day, door, user }) => `${day} ${door} ${user?.id ?? ''}`}
                  empty={t('models.nothing_happened')}
                  columns={[
                    { id: 'day', header: t('versions.day'), cell: ({ day }) => day },
                    { id: 'who', header: t('models.who'), cell: ({ user }) => (user ? <Person user={user} /> : t('versions.without_token')) },
                    { id: 'door', header: t('versions.door'), cell: ({ door }) => door },
                    { id: 'downloads', header: t('versions.downloads'), align: 'end', cell: ({ downloadCount }) => <Count value={downloadCount} /> },
                    { id: 'resolutions', header: t('versions.resolutions'), align: 'end', cell: ({ resolutionCount }) => <Count value={resolutionCount} /> },
                  ]}
                />
              </Section>
            )}
          </div>
        );
      }}
    </Loaded>
  );
}
