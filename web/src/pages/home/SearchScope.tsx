import { Link } from '@tanstack/react-router';
import { useT } from '../../i18n';
import styles from './SearchPage.module.css';

/** In which project is searched, and the way out of it. */
export function SearchScope({ project, search }: { readonly project: string; readonly search: string }) {
  const t = useT();
  return (
    <span className={styles.scope}>
      <span>{t('home.search_in', { project })}</span>
      <Link to="/-/search" search={{ q: search }}>
        {t('home.search_everywhere')}
      </Link>
    </span>
  );
}
