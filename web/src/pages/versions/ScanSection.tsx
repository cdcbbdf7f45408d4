import { Link } from '@tanstack/react-router';
import type { ArtifactScanVerdict } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip, Section } from '../../ui';
import type { ShownVersion } from './VersionPage';
import styles from './versions.module.css';

const TONES = { SAFE: 'good', SUSPICIOUS: 'warn', DANGEROUS: 'bad', UNREADABLE: 'warn' } as const satisfies Record<
  ArtifactScanVerdict,
  string
>;

/** The worst verdict over the files of a version, and what was found in which file. */
export function ScanSection({
  version,
  project,
  model,
}: {
  readonly version: ShownVersion;
  readonly project: string;
  readonly model: string;
}) {
  const t = useT();
  const scanned = version.scanned.nodes.filter(({ scan }) => scan !== null);
  if (scanned.length === 0) return null;
  const verdicts = new Set(scanned.map(({ scan }) => scan?.verdict));
  const worst = (['DANGEROUS', 'UNREADABLE', 'SUSPICIOUS', 'SAFE'] as const).find((verdict) => verdicts.has(verdict)) ?? 'SAFE';
  const told = scanned.filter(({ scan }) => scan && (scan.verdict !== 'SAFE' || scan.findings.length > 0));
  const isPart = (version.scanned.totalCount ?? 0) > version.scanned.nodes.length;
  return (
    <Section title={t('versions.scan')} actions={<Chip tone={TONES[worst]}>{t(`versions.verdict_${worst}`)}</Chip>}>
      <p>
        {t('versions.scanned', { count: scanned.length })}
        {isPart && ` ${t('versions.scanned_part', { count: version.scanned.nodes.length })}`}
      </p>
      {told.length > 0 && (
        <ul className={styles.findings}>
          {told.map(({ id, path, scan }) => (
            <li key={id}>
              <span className={styles.statementHead}>
                {scan && <Chip tone={TONES[scan.verdict]}>{t(`versions.verdict_${scan.verdict}`)}</Chip>}
                <Link
                  className={styles.factText}
                  to="/p/$project/models/$model/versions/$version"
                  params={{ project, model, version: version.version }}
                  search={{ tab: 'files', file: path }}
                >
                  {path}
                </Link>
              </span>
              {scan?.findings.map((finding) => (
                <span key={finding} className={styles.entries}>
                  {finding}
                </span>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
