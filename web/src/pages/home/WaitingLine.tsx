import { useT } from '../../i18n';
import { HrefLink } from './HrefLink';
import type { Waiting } from './waiting';
import styles from './WaitingList.module.css';

/** One thing that waits, and the way to where something can be done about it. */
export function WaitingLine({ item }: { readonly item: Waiting }) {
  const t = useT();
  const base = `/${item.project}/-`;
  if (item.kind === 'approval') {
    const { request } = item;
    const name = `${request.modelVersion?.model?.name ?? ''} ${request.version}`.trim();
    return (
      <>
        <HrefLink href={`${base}/promotions/${encodeURIComponent(request.id)}`}>
          {t('home.approve', { name, stage: request.stage })}
        </HrefLink>
        <div className={styles.reason}>{t('home.requested_by', { username: request.requestedByUsername })}</div>
      </>
    );
  }
  if (item.kind === 'job') {
    return (
      <>
        <HrefLink href={`${base}/jobs?status=DEAD`}>{t('home.job_failed', { kind: item.job.kind })}</HrefLink>
        {item.job.statusReason !== null && <div className={styles.reason}>{item.job.statusReason}</div>}
      </>
    );
  }
  const { version } = item;
  const model = version.model?.name ?? '';
  const key = version.status === 'QUARANTINED' ? 'home.quarantined' : 'home.version_failed';
  return (
    <>
      <HrefLink href={`${base}/models/${encodeURIComponent(model)}/versions/${encodeURIComponent(version.version)}`}>
        {t(key, { name: `${model} ${version.version}` })}
      </HrefLink>
      {version.statusReason !== null && <div className={styles.reason}>{version.statusReason}</div>}
    </>
  );
}
