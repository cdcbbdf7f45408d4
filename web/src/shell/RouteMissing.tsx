import { Link, useLocation } from '@tanstack/react-router';
import { useT } from '../i18n';
import { useCurrent } from './current';
import styles from './RouteFailure.module.css';

/** There is nothing at this address, or the viewer may not see it: which of both, the server does not tell. */
export function RouteMissing() {
  const t = useT();
  const { isKnown, user } = useCurrent();
  const { publicHref } = useLocation();
  const isVisitor = isKnown && user === null;
  return (
    <section className={styles.box}>
      <h1>{t('shell.missing')}</h1>
      <p>{t(isVisitor ? 'shell.missing_signed_out' : 'shell.missing_more')}</p>
      <p className={styles.actions}>
        {isVisitor && <a href={`/sign-in?return_to=${encodeURIComponent(publicHref)}`}>{t('shell.sign_in')}</a>}
        <Link to="/">{t('shell.to_home')}</Link>
      </p>
    </section>
  );
}
