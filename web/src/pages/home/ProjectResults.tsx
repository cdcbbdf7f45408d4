import { useNavigate } from '@tanstack/react-router';
import { usePages } from '../../api';
import { SearchProjectDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { HIT_KINDS } from '../../routes/home';
import { Empty, LoadMore, Problem, Segmented, Skeleton } from '../../ui';
import { HitLine } from './HitLine';
import styles from './SearchPage.module.css';

interface Props {
  readonly project: string;
  readonly search: string;
  readonly kind: (typeof HIT_KINDS)[number] | undefined;
}

/** Models, versions, experiments and candidates of a project with a text in their names. */
export function ProjectResults({ project, search, kind }: Props) {
  const t = useT();
  const navigate = useNavigate({ from: '/-/search' });
  const { rows, total, query, more } = usePages(SearchProjectDocument, { project, search }, (data) => data.search);
  if (query.isPending) return <Skeleton rows={8} />;
  if (query.error && rows.length === 0) return <Problem failure={query.error} onRetry={() => void query.refetch()} />;
  if (rows.length === 0) return <Empty title={t('home.search_none')}>{t('home.search_none_more', { text: search })}</Empty>;
  const shown = rows.filter((hit) => kind === undefined || hit.__typename === kind);
  const choose = (value: string) => {
    const chosen = HIT_KINDS.find((one) => one === value);
    void navigate({ search: (old) => ({ ...old, kind: chosen }), replace: true });
  };
  return (
    <div className={styles.results}>
      <div className={styles.bar}>
        <Segmented
          items={[
            { value: 'any', label: t('home.kind_any') },
            ...HIT_KINDS.map((one) => ({ value: one, label: t(`home.kinds_${one}`) })),
          ]}
          value={kind ?? 'any'}
          onChange={choose}
        />
        <span role="status">{t('home.search_count', { count: total ?? rows.length })}</span>
      </div>
      <ul className={styles.list}>
        {shown.map((hit) => (
          <HitLine key={hit.id} hit={hit} />
        ))}
      </ul>
      {shown.length === 0 && !query.hasNextPage && <p>{t('home.search_none')}</p>}
      <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} />
    </div>
  );
}
