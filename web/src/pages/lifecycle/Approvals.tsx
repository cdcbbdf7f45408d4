import type { RequestRowFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip, Time } from '../../ui';
import styles from './Timeline.module.css';

/** Who has approved; approvals that fell say why. */
export function Approvals({ approvals }: Pick<RequestRowFragment, 'approvals'>) {
  const t = useT();
  if (approvals.length === 0) return <p className={styles.quiet}>{t('lifecycle.no_approvals')}</p>;
  return (
    <ul className={styles.list}>
      {approvals.map((approval) => (
        <li key={`${approval.username} ${approval.givenAt}`} className={styles.entry}>
          <Chip tone={approval.fellAt ? 'neutral' : 'good'}>
            {approval.fellAt ? t('lifecycle.fell') : t('lifecycle.holds')}
          </Chip>
          <span>
            {approval.username} · <Time at={approval.givenAt} />
            {approval.fallReason && <span className={styles.quiet}> — {approval.fallReason}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
