import { useQuery } from '@tanstack/react-query';
import { query } from '../../../api';
import { VersionLineageDocument } from '../../../api/operations';
import { useT } from '../../../i18n';
import { RouteMissing } from '../../../shell/RouteMissing';
import { Empty, Loaded } from '../../../ui';
import { LineageGraph } from './LineageGraph';
import styles from './lineage.module.css';

/** Lineage of one version. */
export function VersionLineage({
  project,
  model,
  reference,
}: {
  readonly project: string;
  readonly model: string;
  readonly reference: string;
}) {
  const t = useT();
  const lineage = useQuery(query(VersionLineageDocument, { project, model, reference }));
  return (
    <Loaded query={lineage}>
      {({ modelVersion: version }) => {
        if (version === null) return <RouteMissing />;
        const { upstream, downstream } = version;
        if (upstream.entries.nodes.length + downstream.entries.nodes.length === 0) {
          return <Empty title={t('versions.no_lineage')}>{t('versions.no_lineage_hint')}</Empty>;
        }
        const isWhole = [upstream, downstream].every(
          ({ isComplete, entries }) => isComplete && (entries.totalCount ?? 0) <= entries.nodes.length,
        );
        return (
          <>
            <p className={styles.summary}>
              {t('versions.lineage_summary', {
                versions: upstream.modelVersionCount + downstream.modelVersionCount,
                deployments: downstream.deploymentCount,
              })}
              {!isWhole && ` ${t('versions.lineage_cut')}`}
            </p>
            <LineageGraph
              root={{ id: version.id, model: version.model?.name ?? model, version: version.version }}
              upstream={upstream.entries.nodes}
              downstream={downstream.entries.nodes}
            />
          </>
        );
      }}
    </Loaded>
  );
}
