import { useQueryClient } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useT } from '../i18n';
import { Drawer, Toasts } from '../ui';
import { useProjectPath } from './current';
import { Header } from './Header';
import { PageTitle } from './PageTitle';
import { PaletteHost } from './palette/PaletteHost';
import { ProjectNavigation } from './ProjectNavigation';
import { watchRequests } from './state/condition';
import { ConditionBar } from './state/ConditionBar';
import { SessionEnded } from './state/SessionEnded';
import styles from './Shell.module.css';

let isWatching = false;

/** What stands around every page: the header, and beside a project's pages their navigation. */
export function Shell() {
  const t = useT();
  const queries = useQueryClient();
  const project = useProjectPath();
  const [isOpen, setOpen] = useState(false);
  if (!isWatching) {
    // Before the first request of the first page, thus not in an effect.
    isWatching = true;
    watchRequests(queries);
  }
  useEffect(() => setOpen(false), [project]);
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        {t('shell.skip')}
      </a>
      <Header onNavigation={() => setOpen(true)} />
      <ConditionBar />
      <div className={project === undefined ? styles.plain : styles.columns}>
        {project !== undefined && (
          <div className={styles.sidebar}>
            <ProjectNavigation project={project} />
          </div>
        )}
        <main id="content" className={styles.content} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      {project !== undefined && (
        <Drawer open={isOpen} onClose={() => setOpen(false)} title={project}>
          <ProjectNavigation project={project} onFollow={() => setOpen(false)} />
        </Drawer>
      )}
      <PageTitle />
      <PaletteHost />
      <SessionEnded />
      <Toasts />
    </div>
  );
}
