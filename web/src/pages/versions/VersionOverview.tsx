import { useT } from '../../i18n';
import { Markdown, Section } from '../../ui';
import styles from '../models/models.module.css';
import { TagList } from '../models/TagList';
import { CiJobs } from './CiJobs';
import { FactsSection } from './FactsSection';
import { ScanSection } from './ScanSection';
import { VersionAbout } from './VersionAbout';
import type { ShownManifest, ShownVersion } from './VersionPage';

/** A version at a glance: its notes, six facts, scan and CI jobs, and beside them what is known of it. */
export function VersionOverview({
  project,
  model,
  version,
  manifest,
}: {
  readonly project: string;
  readonly model: string;
  readonly version: ShownVersion;
  readonly manifest: ShownManifest;
}) {
  const t = useT();
  return (
    <div className={styles.withAside}>
      <div className={styles.reading}>
        {version.description.trim() === '' ? (
          <p className={styles.hint}>{t('versions.no_notes')}</p>
        ) : (
          <Markdown html={version.descriptionHtml} />
        )}
        {version.facts && <FactsSection version={version} facts={version.facts} />}
        <ScanSection version={version} project={project} model={model} />
        <CiJobs version={version} />
      </div>
      <aside className={styles.aside}>
        <VersionAbout project={project} version={version} manifest={manifest} />
        {version.tags.length > 0 && (
          <Section title={t('models.tags')}>
            <TagList tags={version.tags} />
          </Section>
        )}
      </aside>
    </div>
  );
}
