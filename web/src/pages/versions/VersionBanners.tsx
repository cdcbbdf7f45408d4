import { useT } from '../../i18n';
import { Time } from '../../ui';
import { VersionLink } from '../models/VersionLink';
import { Banner } from './Banner';
import type { ShownVersion } from './VersionPage';

/** What a user of a version has to know before anything else. */
export function VersionBanners({
  project,
  model,
  version,
}: {
  readonly project: string;
  readonly model: string;
  readonly version: ShownVersion;
}) {
  const t = useT();
  const now = version.withdrawals.filter(({ undoneAt }) => undoneAt === null);
  return (
    <>
      {version.status === 'QUARANTINED' && (
        <Banner tone="bad" title={t('versions.banner_quarantined')}>
          {version.statusReason ?? t('versions.banner_quarantined_why')}
        </Banner>
      )}
      {version.status === 'FAILED' && (
        <Banner tone="bad" title={t('versions.banner_failed')}>
          {version.statusReason}
        </Banner>
      )}
      {version.status === 'OPEN' && (
        <Banner tone="info" title={t('versions.banner_open')}>
          {t('versions.banner_open_why')}
        </Banner>
      )}
      {now.map(({ kind, givenReason, replacement, createdAt }) => (
        <Banner
          key={kind}
          tone={kind === 'YANK' ? 'bad' : 'warn'}
          title={kind === 'YANK' ? t('versions.banner_yanked') : t('versions.banner_deprecated')}
        >
          {givenReason} · <Time at={createdAt} />
          {replacement !== null && (
            <>
              {' · '}
              {t('versions.use_instead')} <VersionLink project={project} model={model} version={replacement} />
            </>
          )}
        </Banner>
      ))}
    </>
  );
}
