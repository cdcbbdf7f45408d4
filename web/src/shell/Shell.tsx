import { Outlet, useParams } from '@tanstack/react-router';
import { useT } from '../i18n';
import { Header } from './Header';
import { ProjectNavigation } from './ProjectNavigation';
import styles from './Shell.module.css';

/** What stands around every page: the header, and beside a project's pages their navigation. */
export function Shell() {
  const t = useT();
  const { project } = useParams({ strict: false });
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        {t('shell.skip')}
      </a>
      <Header />
      <div className={project === undefined ? styles.plain : styles.columns}>
        {project !== undefined && <ProjectNavigation project={project} />}
        <main id="content" className={styles.content} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </div>
  );
}
