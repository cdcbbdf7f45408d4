import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { query } from '../api';
import { ViewerDocument } from '../api/operations';
import { useT } from '../i18n';
import { LanguageChoice } from './LanguageChoice';
import { ThemeChoice } from './ThemeChoice';
import styles from './Header.module.css';

/** The top of every page: home, and who is signed in. */
export function Header() {
  const t = useT();
  const { data } = useQuery(query(ViewerDocument, {}));
  const { publicHref } = useLocation();
  const user = data?.viewer?.user;
  return (
    <header className={styles.header}>
      <Link to="/" className={styles.home}>
        Modelyard
      </Link>
      <span className={styles.space} />
      <LanguageChoice />
      <ThemeChoice />
      {user && <a href="/account">{user.name}</a>}
      {data && !user && <a href={`/sign-in?return_to=${encodeURIComponent(publicHref)}`}>{t('shell.sign_in')}</a>}
    </header>
  );
}
