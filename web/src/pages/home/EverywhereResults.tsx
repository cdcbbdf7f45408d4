import { Folder } from 'lucide-react';
import { Link } from '@tanstack/react-router';
import { usePages } from '../../api';
import { SearchEverywhereDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Empty, LoadMore, Problem, Section, Skeleton } from '../../ui';
import { HitLine } from './HitLine';
import { typesOf, type HitKind } from './hits';
import { KindChoice } from './KindChoice';
import { ProjectLines } from './ProjectLines';
import styles from './SearchPage.module.css';

interface Props {
  readonly search: string;
  readonly kind: HitKind | undefined;
}

/** What there is in all projects that may be seen, and groups and projects by their paths. */
export function EverywhereResults({ search, kind }: Props) {
  const t = useT();
  const variables = { search, types: typesOf(kind), withPlaces: kind === undefined };
  const { rows, first, query, more } = usePages(SearchEverywhereDocument, variables, (data) => data.search);
  if (query.isPending) return <Skeleton rows={8} />;
  if (query.error && rows.length === 0) return <Problem failure={query.error} onRetry={() => void query.refetch()} />;
  const groups = first?.groups?.nodes ?? [];
  const projects = first?.projects?.nodes ?? [];
  const isEmpty = groups.length + projects.length + rows.length === 0;
  return (
    <div className={styles.results}>
      <div className={styles.bar}>
        <KindChoice kind={kind} />
      </div>
      {isEmpty && <Empty title={t('home.search_none')}>{t('home.search_none_more', { text: search })}</Empty>}
      {rows.length > 0 && (
        <Section title={t('home.search_things')}>
          <ul className={styles.list}>
            {rows.map((hit) => (
              <HitLine key={hit.id} hit={hit} withProject />
            ))}
          </ul>
          <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} />
        </Section>
      )}
      {projects.length > 0 && (
        <Section title={t('home.projects')}>
          <ProjectLines projects={projects} />
        </Section>
      )}
      {groups.length > 0 && (
        <Section title={t('home.groups')}>
          <ul className={styles.list}>
            {groups.map((group) => (
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
}
