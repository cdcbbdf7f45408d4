import { Link } from '@tanstack/react-router';
import { usePages } from '../../api';
import { ProjectsDocument } from '../../api/operations';
import { useT } from '../../i18n';

/** Where a person begins. */
export function HomePage() {
  const t = useT();
  const { rows } = usePages(ProjectsDocument, { search: '' }, (data) => data.projects);
  return (
    <>
      <h1>{t('home.projects')}</h1>
      <ul>
        {rows.map((project) => (
          <li key={project.id}>
            <Link to="/p/$project/models" params={{ project: project.fullPath }}>
              {project.fullPath}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
