import { useT } from '../../i18n';
import { SearchInput, Section, Segmented } from '../../ui';
import { ProjectLines, type ProjectInList } from './ProjectLines';
import { VisibleProjects } from './VisibleProjects';
import styles from './ProjectLists.module.css';

interface Some {
  readonly totalCount: number | null;
  readonly nodes: readonly ProjectInList[];
}

interface Props {
  /** Null for visitors. */
  readonly own: Some | null;
  /** The first of all that may be seen. */
  readonly visible: Some;
  readonly list: 'own' | 'all';
  readonly search: string;
  readonly onList: (list: 'own' | 'all') => void;
  readonly onSearch: (text: string) => void;
}

/** The viewer's projects, or all that they may see. */
export function ProjectLists({ own, visible, list, search, onList, onSearch }: Props) {
  const t = useT();
  const isAll = list === 'all';
  const hasMore = visible.totalCount === null || visible.totalCount > visible.nodes.length;
  return (
    <Section
      title={t('home.projects')}
      actions={
        own !== null && (
          <Segmented
            items={[
              { value: 'own', label: t('home.projects_own') },
              { value: 'all', label: t('home.projects_all') },
            ]}
            value={list}
            onChange={(value) => onList(value === 'own' ? 'own' : 'all')}
          />
        )
      }
    >
      <div className={styles.search}>
        <SearchInput value={search} onChange={onSearch} placeholder={t('home.find_project')} />
      </div>
      {isAll && (search !== '' || hasMore) && <VisibleProjects search={search} />}
      {isAll && search === '' && !hasMore && <ProjectLines projects={visible.nodes} />}
      {!isAll && <ProjectLines projects={own?.nodes ?? []} />}
      {!isAll && own !== null && own.totalCount !== null && own.totalCount > own.nodes.length && (
        <p className={styles.more}>{t('home.projects_first', { count: own.nodes.length, total: own.totalCount })}</p>
      )}
    </Section>
  );
}
