import { Link } from '@tanstack/react-router';
import { useT } from '../../i18n';
import { Section, StageChip, Time } from '../../ui';
import type { ProjectOfPage } from './ProjectPage';
import styles from './LatestModels.module.css';

interface Props {
  readonly project: string;
  readonly models: ProjectOfPage['models']['nodes'];
}

/** The models of a project that changed last. */
export function LatestModels({ project, models }: Props) {
  const t = useT();
  return (
    <Section title={t('namespaces.latest_models')}>
      <ul className={styles.list}>
        {models.map((model) => (
          <li key={model.id} className={styles.item}>
            <Link to="/p/$project/models/$model" params={{ project, model: model.name }} className={styles.name}>
              {model.name}
            </Link>
            <span className={styles.facts}>
              <span>{model.latestVersion?.version ?? t('namespaces.no_version')}</span>
              {model.latestVersion && model.latestVersion.stage !== 'none' && <StageChip name={model.latestVersion.stage} />}
              <Time at={model.updatedAt} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
