import { usePages } from '../../api';
import { VisibleProjectsDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Empty, LoadMore, Problem, Skeleton } from '../../ui';
import { ProjectLines } from './ProjectLines';

/** All projects that may be seen, page after page. */
export function VisibleProjects({ search }: { readonly search: string }) {
  const t = useT();
  const { rows, query, more } = usePages(VisibleProjectsDocument, { search }, (data) => data.projects);
  if (query.isPending) return <Skeleton rows={6} />;
  if (query.error && rows.length === 0) return <Problem failure={query.error} onRetry={() => void query.refetch()} />;
  if (rows.length === 0) return <Empty title={t('home.no_project')}>{t('home.no_project_more')}</Empty>;
  return (
    <>
      <ProjectLines projects={rows} />
      <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} />
    </>
  );
}
