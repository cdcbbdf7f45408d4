import { Link } from '@tanstack/react-router';
import { Box } from 'lucide-react';
import type { ProjectLineFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { RoleChip } from '../namespaces/RoleChip';
import { VisibilityChip } from '../namespaces/VisibilityChip';
import { plain } from './plain';
import styles from './ProjectLines.module.css';

/** A project with what some lists tell of it. */
export type ProjectInList = ProjectLineFragment & {
  readonly viewerRole?: 'GUEST' | 'REPORTER' | 'DEVELOPER' | 'MAINTAINER' | 'OWNER' | null;
  readonly models?: { readonly totalCount: number | null };
};

/** Projects, one a line. */
export function ProjectLines({ projects }: { readonly projects: readonly ProjectInList[] }) {
  const t = useT();
  return (
    <ul className={styles.list}>
      {projects.map((project) => (
        <li key={project.id} className={styles.item}>
          <Box aria-hidden="true" className={styles.icon} />
          <div className={styles.text}>
            <Link to="/n/$path" params={{ path: project.fullPath }} className={styles.name}>
              {project.fullPath}
            </Link>
            {project.description !== '' && <p className={styles.description}>{plain(project.description)}</p>}
          </div>
          <div className={styles.facts}>
            {project.models?.totalCount != null && (
              <span className={styles.count}>{t('home.model_count', { count: project.models.totalCount })}</span>
            )}
            {project.viewerRole != null && <RoleChip role={project.viewerRole} />}
            <VisibilityChip visibility={project.visibility} />
          </div>
        </li>
      ))}
    </ul>
  );
}
