import { Link } from '@tanstack/react-router';
import { useT } from '../i18n';
import styles from './ProjectNavigation.module.css';

/** Links to the pages of a project. */
export function ProjectNavigation({ project }: { readonly project: string }) {
  const t = useT();
  return (
    <nav className={styles.navigation} aria-label={project}>
      <Link to="/n/$path" params={{ path: project }} className={styles.project}>
        {project}
      </Link>
      <Link to="/p/$project/models" params={{ project }} activeProps={{ 'aria-current': 'page' }}>
        {t('shell.models')}
      </Link>
    </nav>
  );
}
