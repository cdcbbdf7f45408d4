import { CircleCheck, CircleX, Clock, TriangleAlert, type LucideIcon } from 'lucide-react';
import type { VerdictFragment } from '../../api/operations';
import { useT } from '../../i18n';
import styles from './Verdicts.module.css';

const ICONS: Readonly<Record<VerdictFragment['outcome'], LucideIcon>> = {
  PASSED: CircleCheck,
  FAILED: CircleX,
  ERROR: CircleX,
  WARNING: TriangleAlert,
  PENDING: Clock,
};

/** Every rule with what it came to, those that keep the version out first. */
export function Verdicts({ verdicts }: { readonly verdicts: readonly VerdictFragment[] }) {
  const t = useT();
  const ordered = [...verdicts].sort((one, other) => Number(other.isFailing) - Number(one.isFailing));
  return (
    <ul className={styles.verdicts} aria-label={t('lifecycle.verdicts')}>
      {ordered.map((verdict) => {
        const Icon = ICONS[verdict.outcome];
        return (
          <li key={`${verdict.kind} ${verdict.name}`} className={styles.verdict} data-outcome={verdict.outcome}>
            <Icon className={styles.icon} size={16} aria-hidden />
            <span className={styles.outcome}>{t(`lifecycle.outcome_${verdict.outcome}`)}</span>
            <span className={styles.text}>
              <span className={styles.title}>{plain(verdict.title)}</span>
              <span className={styles.explanation}>{plain(verdict.explanation)}</span>
            </span>
            {!verdict.isRequired && <span className={styles.note}>{t('lifecycle.only_warns')}</span>}
          </li>
        );
      })}
    </ul>
  );
}

/** Without the marks of code, which the server puts around names. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}
