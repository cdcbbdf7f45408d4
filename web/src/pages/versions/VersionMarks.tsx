import { Ban, Lock, TriangleAlert } from 'lucide-react';
import type { ModelVersionStatus } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip, StatusChip } from '../../ui';

/** What stands out about a version: not ready, a prerelease, sealed, yanked, deprecated. */
export function VersionMarks({
  version,
}: {
  readonly version: {
    readonly status: ModelVersionStatus;
    readonly isPrerelease: boolean;
    readonly sealedAt: string | null;
    readonly yankedAt: string | null;
    readonly deprecatedAt: string | null;
  };
}) {
  const t = useT();
  return (
    <>
      {version.status !== 'READY' && <StatusChip status={version.status} />}
      {version.isPrerelease && <Chip tone="neutral">{t('versions.prerelease')}</Chip>}
      {version.sealedAt !== null && (
        <Chip tone="info" icon={<Lock />}>
          {t('versions.sealed')}
        </Chip>
      )}
      {version.yankedAt !== null && (
        <Chip tone="bad" icon={<Ban />}>
          {t('versions.yanked')}
        </Chip>
      )}
      {version.deprecatedAt !== null && (
        <Chip tone="warn" icon={<TriangleAlert />}>
          {t('versions.deprecated')}
        </Chip>
      )}
    </>
  );
}
