import { Link } from '@tanstack/react-router';
import type { DataOf } from '../../api';
import type { NamespaceDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Bytes, Count, Markdown, PageHeader, Section, Time } from '../../ui';
import { StartSnippet } from '../home/StartSnippet';
import { LatestModels } from './LatestModels';
import { LatestVersions } from './LatestVersions';
import { RoleChip } from './RoleChip';
import { VisibilityChip } from './VisibilityChip';
import styles from './ProjectPage.module.css';

export type ProjectOfPage = NonNullable<DataOf<typeof NamespaceDocument>['project']>;

/** The overview of a project: what it is, what is in it, what is new, and how things get into it. */
export function ProjectPage({ project }: { readonly project: ProjectOfPage }) {
  const t = useT();
  const isEmpty = project.models.totalCount === 0 && project.modelVersionSearch.nodes.length === 0;
  const writes = project.viewerCanWriteRegistry || project.viewerCanWriteCandidates;
  const counts = [
    [t('namespaces.models'), <Count value={project.models.totalCount ?? 0} />],
    [t('namespaces.experiments'), <Count value={project.experiments.totalCount ?? 0} />],
    [t('namespaces.open_requests'), <Count value={project.promotionRequests.totalCount ?? 0} />],
    [t('namespaces.deployments'), <Count value={project.deployments.totalCount ?? 0} />],
    [t('namespaces.stored'), <Bytes value={project.storage.stored.size} />],
    [t('namespaces.created'), <Time at={project.createdAt} />],
  ] as const;
  return (
    <>
      <PageHeader
        title={project.name}
        chips={
          <>
            <VisibilityChip visibility={project.visibility} />
            {project.viewerRole && <RoleChip role={project.viewerRole} />}
          </>
        }
      />
      <dl className={styles.counts}>
        {counts.map(([label, value]) => (
          <div key={label} className={styles.count}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div className={styles.columns}>
        <div className={styles.main}>
          {isEmpty && writes && (
            <Section title={t('namespaces.start')}>
              <p>{t('namespaces.start_more')}</p>
              <StartSnippet project={project} />
            </Section>
          )}
          {project.modelVersionSearch.nodes.length > 0 && (
            <LatestVersions project={project.fullPath} versions={project.modelVersionSearch.nodes} />
          )}
          <Section title={t('namespaces.description')}>
            {project.descriptionHtml === '' ? (
              <p className={styles.none}>{t('namespaces.no_description')}</p>
            ) : (
              <Markdown html={project.descriptionHtml} />
            )}
          </Section>
          {!isEmpty && writes && (
            <Section title={t('namespaces.use')}>
              <StartSnippet project={project} />
            </Section>
          )}
        </div>
        <div className={styles.beside}>
          {project.models.nodes.length > 0 && (
            <LatestModels project={project.fullPath} models={project.models.nodes} />
          )}
          <Link to="/p/$project/models" params={{ project: project.fullPath }}>
            {t('namespaces.all_models')}
          </Link>
        </div>
      </div>
    </>
  );
}
