import { CircleAlert, CloudOff, FileQuestion, Gauge, Lock, RefreshCw, Timer, Wrench, type LucideIcon } from 'lucide-react';
import type { Failure, FailureKind } from '../../api/failure';
import { useT } from '../../i18n';
import { Button } from '../actions/Button';
import { classes } from '../classes';
import styles from './Problem.module.css';

const ICONS: Readonly<Record<FailureKind, LucideIcon>> = {
  offline: CloudOff,
  unauthenticated: Lock,
  forbidden: Lock,
  notFound: FileQuestion,
  overQuota: Gauge,
  busy: Timer,
  upgrading: Wrench,
  invalid: CircleAlert,
  unknown: CircleAlert,
};

/** Those whose text says it all: the server's adds nothing that a reader could use. */
const PLAIN: ReadonlySet<FailureKind> = new Set(['offline', 'unauthenticated', 'upgrading']);

export interface ProblemProps {
  readonly failure: Failure;
  readonly onRetry?: (() => void) | undefined;
  /** One line beside what it is about, instead of a block of its own. */
  readonly inline?: boolean | undefined;
}

/** Why something is not here, and what may be done about it. Typed texts beside it stay. */
export function Problem({ failure, onRetry, inline = false }: ProblemProps) {
  const t = useT();
  const Icon = ICONS[failure.kind];
  const isGone = failure.kind === 'notFound';
  const here = `${window.location.pathname}${window.location.search}`;
  return (
    <section className={classes(styles.problem, inline && styles.inline)} role={isGone ? undefined : 'alert'}>
      <Icon className={styles.icon} aria-hidden />
      <div className={styles.texts}>
        <h2 className={styles.title}>{t(`ui.problem_${failure.kind}`)}</h2>
        <p className={styles.text}>{t(`ui.problem_${failure.kind}_help`)}</p>
        {!PLAIN.has(failure.kind) && !isGone && failure.message !== '' && <p className={styles.message}>{failure.message}</p>}
        {failure.requestId !== null && <p className={styles.request}>{t('ui.problem_request', { id: failure.requestId })}</p>}
      </div>
      <div className={styles.actions}>
        {failure.kind === 'unauthenticated' && (
          <a className={styles.sign} href={`/sign-in?return_to=${encodeURIComponent(here)}`}>
            {t('ui.sign_in')}
          </a>
        )}
        {failure.kind === 'upgrading' && (
          <Button size="s" icon={<RefreshCw />} onClick={() => window.location.reload()}>
            {t('ui.reload')}
          </Button>
        )}
        {onRetry && failure.kind !== 'forbidden' && failure.kind !== 'upgrading' && (
          <Button size="s" icon={<RefreshCw />} onClick={onRetry}>
            {t('ui.retry')}
          </Button>
        )}
      </div>
    </section>
  );
}
