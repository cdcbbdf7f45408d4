import { usePages } from '../../api';
import { SearchProjectDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Empty, LoadMore, Problem, Skeleton } from '../../ui';
import { HitLine } from './HitLine';
import { typesOf, type HitKind } from './hits';
import { KindChoice } from './KindChoice';
import styles from './SearchPage.module.css';

interface Props {
  readonly project: string;
  readonly search: string;
  readonly kind: HitKind | undefined;
}

/** Models, versions, experiments and candidates of a project with a text in their names. */
export function ProjectResults({ project, search, kind }: Props) {
  const t = useT();
  const variables = { project, search, types: typesOf(kind) };
  const { rows, total, query, more } = usePages(SearchProjectDocument, variables, (data) => data.search);
  if (query.isPending) return <Skeleton rows={8} />;
  if (query.error && rows.length === 0) return <Problem failure={query.error} onRetry={() => void query.refetch()} />;
  return (
    <div className={styles.results}>
      <div className={styles.bar}>
        <KindChoice kind={kind} />
        <span role="status">{t('home.search_count', { count: total ?? rows.length })}</span>
      </div>
      {rows.length === 0 && <Empty title={t('home.search_none')}>{t('home.search_none_more', { text: search })}</Empty>}
      <ul className={styles.list}>
        {rows.map((hit) => (
          <HitLine key={hit.id} hit={hit} />
        ))}
      </ul>
      <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} />
    </div>
  );
}
