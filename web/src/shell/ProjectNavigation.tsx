import { Link } from '@tanstack/react-router';
import { useT } from '../i18n';
import { PROJECT_NAVIGATION } from './navigation';
import styles from './ProjectNavigation.module.css';

/** Links to the pages of a project. */
export function ProjectNavigation({ project }: { readonly project: string }) {
  const t = useT();
  return (
    <nav className={styles.navigation} aria-label={t('shell.project_pages')}>
      <Link to="/n/$path" params={{ path: project }} className={styles.project}>
        {project}
      </Link>
      {PROJECT_NAVIGATION.map((group) => (
        <section key={group.label}>
          <h2 className={styles.heading}>{t(group.label)}</h2>
          {group.items.map((item) => (
            <Link key={item.to} to={item.to} params={{ project }} className={styles.item}>
              {t(item.label)}
            </Link>
          ))}
        </section>
      ))}
    </nav>
  );
}
