import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { execute, isSessionEnded, setSessionEnded, watchSession } from '../../api';
import { ViewerDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Dialog } from '../../ui';
import { onSignedOutElsewhere } from './signing_out';
import styles from './SessionEnded.module.css';

/**
 * Over the page when the session has ended: the page stays as it is, with everything that was typed.
 *
 * The person signs in in another tab; back in this one, the page goes on by itself.
 */
export function SessionEnded() {
  const t = useT();
  const queries = useQueryClient();
  const isEnded = useSyncExternalStore(watchSession, isSessionEnded);
  const [isStill, setStill] = useState(false);
  // Put aside to look at the page, or to copy what was typed.
  const [isHidden, setHidden] = useState(false);
  useEffect(() => onSignedOutElsewhere(() => setSessionEnded(true)), []);

  async function goOn(): Promise<void> {
    const answer = await execute(ViewerDocument, {}).catch(() => null);
    setStill(answer?.viewer == null);
    if (answer?.viewer == null) return;
    setSessionEnded(false);
    setHidden(false);
    await queries.invalidateQueries();
  }

  useEffect(() => {
    if (!isEnded) return;
    const onReturn = () => {
      if (document.visibilityState === 'visible') void goOn();
    };
    document.addEventListener('visibilitychange', onReturn);
    return () => document.removeEventListener('visibilitychange', onReturn);
  }, [isEnded]);

  if (isEnded && isHidden) {
    return (
      <div role="status" className={styles.corner}>
        <strong>{t('shell.session_ended')}</strong>
        <Button size="s" onClick={() => setHidden(false)}>
          {t('shell.sign_in')}
        </Button>
      </div>
    );
  }
  return (
    <Dialog
      open={isEnded}
      onClose={() => setHidden(true)}
      title={t('shell.session_ended')}
      keep
      footer={
        <>
          <Button variant="quiet" onClick={() => window.location.reload()}>
            {t('shell.session_leave')}
          </Button>
          <Button onClick={() => void goOn()}>{t('shell.session_go_on')}</Button>
          <Button variant="primary" onClick={() => window.open('/sign-in?return_to=%2F', '_blank', 'noopener')}>
            {t('shell.session_sign_in')}
          </Button>
        </>
      }
    >
      <p>{t('shell.session_ended_more')}</p>
      {isStill && <p role="alert">{t('shell.session_still')}</p>}
    </Dialog>
  );
}
