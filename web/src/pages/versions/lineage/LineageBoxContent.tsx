import { Link } from '@tanstack/react-router';
import { useT } from '../../../i18n';
import { CandidateLink } from '../../models/CandidateLink';
import type { LineageEntry } from './layout';
import styles from './lineage.module.css';

/** A thing of a lineage: what it is, and the way to its page. */
export function LineageBoxContent({ entry }: { readonly entry: LineageEntry }) {
  const t = useT();
  const { modelVersion, candidate, deployment, dataset, baseName } = entry;
  if (modelVersion?.model?.project) {
    const { name, project } = modelVersion.model;
    return (
      <>
        <span className={styles.kind}>{t('versions.kind_version')}</span>
        <Link
          className={styles.label}
          to="/p/$project/models/$model/versions/$version"
          params={{ project: project.fullPath, model: name, version: modelVersion.version }}
          title={`${project.fullPath} ${name} ${modelVersion.version}`}
        >
          {name} {modelVersion.version}
        </Link>
      </>
    );
  }
  if (candidate?.project) {
    return (
      <>
        <span className={styles.kind}>{t('versions.kind_candidate')}</span>
        <CandidateLink project={candidate.project.fullPath} candidate={candidate} />
      </>
    );
  }
  if (deployment) {
    const label = `${deployment.environment} ${deployment.endpoint}`;
    return (
      <>
        <span className={styles.kind}>{t('versions.kind_deployment')}</span>
        <span className={styles.label} title={label}>
          {label}
        </span>
      </>
    );
  }
  const label = dataset ? [dataset.name, dataset.digest].filter(Boolean).join(' @ ') : (baseName ?? '');
  return (
    <>
      <span className={styles.kind}>{dataset ? t('versions.kind_dataset') : t('versions.kind_base')}</span>
      <span className={styles.label} title={label}>
        {label}
      </span>
    </>
  );
}
