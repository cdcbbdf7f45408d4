import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Folder, FolderPlus, Plus } from 'lucide-react';
import type { DataOf } from '../../api';
import type { NamespaceDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Empty, PageHeader, Section } from '../../ui';
import { ProjectLines } from '../home/ProjectLines';
import { NewGroupDialog } from './NewGroupDialog';
import { NewProjectDialog } from './NewProjectDialog';
import { RoleChip } from './RoleChip';
import { VisibilityChip } from './VisibilityChip';
import styles from './GroupPage.module.css';

export type GroupOfPage = NonNullable<DataOf<typeof NamespaceDocument>['group']>;

/** A group: what is in it, and new groups and projects. */
export function GroupPage({ group }: { readonly group: GroupOfPage }) {
  const t = useT();
  const navigate = useNavigate({ from: '/n/$path' });
  const { new: made } = useSearch({ from: '/n/$path' });
  const open = (next: 'group' | 'project' | undefined) =>
    void navigate({ search: next === undefined ? {} : { new: next }, replace: true });
  return (
    <>
      <PageHeader
        title={group.name}
        chips={
          <>
            <VisibilityChip visibility={group.visibility} />
            {group.viewerRole && <RoleChip role={group.viewerRole} />}
          </>
        }
        actions={
          group.viewerCanManage && (
            <>
              <Button icon={<FolderPlus />} onClick={() => open('group')}>
                {t('namespaces.new_subgroup')}
              </Button>
              <Button variant="primary" icon={<Plus />} onClick={() => open('project')}>
                {t('namespaces.new_project')}
              </Button>
            </>
          )
        }
      />
      <div className={styles.page}>
        {group.groups.nodes.length > 0 && (
          <Section title={t('namespaces.subgroups')}>
            <ul className={styles.list}>
              {group.groups.nodes.map((one) => (
                <li key={one.id} className={styles.item}>
                  <Folder aria-hidden="true" className={styles.icon} />
                  <Link to="/n/$path" params={{ path: one.fullPath }} className={styles.name}>
                    {one.name}
                  </Link>
                  {one.viewerRole && <RoleChip role={one.viewerRole} />}
                  <VisibilityChip visibility={one.visibility} />
                </li>
              ))}
            </ul>
          </Section>
        )}
        <Section title={t('namespaces.projects')}>
          {group.projects.nodes.length === 0 ? (
            <Empty title={t('namespaces.no_projects')}>{t('namespaces.no_projects_more')}</Empty>
          ) : (
            <ProjectLines projects={group.projects.nodes} />
          )}
          {(group.projects.totalCount ?? 0) > group.projects.nodes.length && <p>{t('namespaces.first_hundred')}</p>}
        </Section>
      </div>
      {made === 'group' && <NewGroupDialog parent={group.fullPath} onClose={() => open(undefined)} />}
      {made === 'project' && <NewProjectDialog group={group.fullPath} onClose={() => open(undefined)} />}
    </>
  );
}
