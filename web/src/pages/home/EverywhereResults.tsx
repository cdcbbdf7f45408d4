import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Folder, Package } from 'lucide-react';
import { query } from '../../api';
import { SearchEverywhereDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Empty, Loaded, Section, Skeleton, Time } from '../../ui';
import { HrefLink } from './HrefLink';
import { ProjectLines } from './ProjectLines';
import styles from './SearchPage.module.css';

/** Groups and projects by their paths, and the models of one's own projects. */
export function EverywhereResults({ search }: { readonly search: string }) {
  const t = useT();
  const result = useQuery(query(SearchEverywhereDocument, { search }));
  return (
    <Loaded query={result} skeleton={<Skeleton rows={8} />}>
      {({ groups, projects, viewer }) => {
        const own = (viewer?.projects.nodes ?? []).filter((project) => project.models.nodes.length > 0);
        const isEmpty = groups.nodes.length + projects.nodes.length + own.length === 0;
        if (isEmpty) return <Empty title={t('home.search_none')}>{t('home.search_none_more', { text: search })}</Empty>;
        return (
          <div className={styles.results}>
            {own.length > 0 && (
              <Section title={t('home.models_own')}>
                {own.map((project) => (
                  <ul key={project.id} className={styles.list}>
                    {project.models.nodes.map((model) => (
                      <li key={model.id} className={styles.hit}>
                        <Package aria-hidden="true" className={styles.icon} />
                        <HrefLink href={`/${project.fullPath}/-/models/${encodeURIComponent(model.name)}`}>
                          {model.name}
                        </HrefLink>
                        <span className={styles.detail}>
                          {[model.latestVersion?.version, project.fullPath].filter(Boolean).join(' · ')}
                        </span>
                        <Time at={model.updatedAt} />
                      </li>
                    ))}
                    {(project.models.totalCount ?? 0) > project.models.nodes.length && (
                      <li className={styles.hit}>
                        <Link to="/-/search" search={{ q: search, project: project.fullPath, kind: 'Model' }}>
                          {t('home.search_more_in', { project: project.fullPath })}
                        </Link>
                      </li>
                    )}
                  </ul>
                ))}
              </Section>
            )}
            {projects.nodes.length > 0 && (
              <Section title={t('home.projects')}>
                <ProjectLines projects={projects.nodes} />
              </Section>
            )}
            {groups.nodes.length > 0 && (
              <Section title={t('home.groups')}>
                <ul className={styles.list}>
                  {groups.nodes.map((group) => (
                    <li key={group.id} className={styles.hit}>
                      <Folder aria-hidden="true" className={styles.icon} />
                      <Link to="/n/$path" params={{ path: group.fullPath }}>
                        {group.fullPath}
                      </Link>
                    </li>
                  ))}
                </ul>
              </Section>
            )}
          </div>
        );
      }}
    </Loaded>
  );
}
