import type { ErrorComponentProps } from '@tanstack/react-router';
import { asFailure } from '../api';
import { useT } from '../i18n';
import { Button } from '../ui';
import styles from './RouteFailure.module.css';

/** A page that could not be drawn, such as one whose script could not be loaded. */
export function RouteFailure({ error, reset }: ErrorComponentProps) {
  const t = useT();
  return (
    <section role="alert" className={styles.box}>
      <h1>{t('shell.failed')}</h1>
      <p>{t('shell.failed_more')}</p>
      <p className={styles.reason}>{asFailure(error).message}</p>
      <div className={styles.actions}>
        <Button variant="primary" onClick={() => window.location.reload()}>
          {t('shell.reload')}
        </Button>
        <Button onClick={reset}>{t('shell.again')}</Button>
      </div>
    </section>
  );
}
