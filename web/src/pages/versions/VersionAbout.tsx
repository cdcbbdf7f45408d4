import { useT } from '../../i18n';
import { Bytes, Digest, Person, Section, Time } from '../../ui';
import { CandidateLink } from '../models/CandidateLink';
import styles from '../models/models.module.css';
import type { ShownManifest, ShownVersion } from './VersionPage';

/** Who made a version and when, from which candidate, how large it is, and the digest of its manifest. */
export function VersionAbout({
  project,
  version,
  manifest,
}: {
  readonly project: string;
  readonly version: ShownVersion;
  readonly manifest: ShownManifest;
}) {
  const t = useT();
  const running = version.deployments.nodes;
  return (
    <Section title={t('models.about')}>
      <dl className={styles.pairs}>
        <div>
          <dt>{t('models.created')}</dt>
          <dd className={styles.byline}>
            <Time at={version.createdAt} />
            <Person user={version.createdBy} />
          </dd>
        </div>
        <div>
          <dt>{t('models.version_number')}</dt>
          <dd>{version.number}</dd>
        </div>
        {version.candidate && (
          <div>
            <dt>{t('models.candidate')}</dt>
            <dd>
              <CandidateLink project={project} candidate={version.candidate} />
            </dd>
          </div>
        )}
        {manifest && (
          <>
            <div>
              <dt>{t('versions.files')}</dt>
              <dd>
                {t('versions.files_in_all', { count: manifest.fileCount })}, <Bytes value={manifest.size} />
              </dd>
            </div>
            <div>
              <dt>{t('versions.manifest')}</dt>
              <dd>
                <Digest value={manifest.digest} />
              </dd>
            </div>
          </>
        )}
        {version.seal && (
          <div>
            <dt>{t('versions.sealed')}</dt>
            <dd className={styles.byline}>
              <Time at={version.seal.sealedAt} />
              <Person user={version.seal.sealedBy} />
            </dd>
          </div>
        )}
        {running.length > 0 && (
          <div>
            <dt>{t('versions.runs_at')}</dt>
            <dd>{running.map(({ environment, endpoint }) => `${environment} ${endpoint}`).join(', ')}</dd>
          </div>
        )}
        {version.source !== '' && (
          <div>
            <dt>{t('versions.source')}</dt>
            <dd>{version.source}</dd>
          </div>
        )}
      </dl>
    </Section>
  );
}
