import { useNavigate, useSearch } from '@tanstack/react-router';
import { useT } from '../../i18n';
import { Empty } from '../../ui';
import { VersionLineage } from '../versions/lineage/VersionLineage';
import { VersionChoice } from '../versions/VersionChoice';
import type { ShownModel } from './ModelTab';
import styles from './models.module.css';

/** Lineage of one version of a model, the latest at first. */
export function ModelLineageTab({ project, model }: { readonly project: string; readonly model: ShownModel }) {
  const t = useT();
  const { version } = useSearch({ from: '/p/$project/models/$model' });
  const navigate = useNavigate({ from: '/p/$project/models/$model' });
  const shown = version ?? model.latestVersion?.version;
  if (shown === undefined) return <Empty title={t('versions.none')}>{t('versions.no_lineage_hint')}</Empty>;
  return (
    <>
      <div className={styles.choice}>
        <VersionChoice
          project={project}
          model={model.name}
          label={t('versions.lineage_of')}
          value={shown}
          onChange={(chosen) => void navigate({ search: (old) => ({ ...old, version: chosen }), replace: true })}
        />
      </div>
      <VersionLineage project={project} model={model.name} reference={shown} />
    </>
  );
}
