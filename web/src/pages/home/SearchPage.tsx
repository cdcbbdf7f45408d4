import { useNavigate, useSearch } from '@tanstack/react-router';
import { useT } from '../../i18n';
import { Empty, PageHeader, SearchInput } from '../../ui';
import { EverywhereResults } from './EverywhereResults';
import { ProjectResults } from './ProjectResults';
import { SearchScope } from './SearchScope';
import styles from './SearchPage.module.css';

/** Search over everything in a project, or in all projects that may be seen. */
export function SearchPage() {
  const t = useT();
  const navigate = useNavigate({ from: '/-/search' });
  const { q = '', project, kind } = useSearch({ from: '/-/search' });
  const search = q.trim();
  return (
    <>
      <PageHeader title={search === '' ? t('home.search') : t('home.search_for', { text: search })} />
      <div className={styles.bar}>
        <SearchInput
          value={q}
          onChange={(text) => void navigate({ search: (old) => ({ ...old, q: text || undefined }), replace: true })}
          placeholder={t('home.search')}
          isMain
        />
        {project !== undefined && <SearchScope project={project} search={q} />}
      </div>
      {search === '' && <Empty title={t('home.search_empty')}>{t('home.search_empty_more')}</Empty>}
      {search !== '' && project === undefined && <EverywhereResults search={search} kind={kind} />}
      {search !== '' && project !== undefined && <ProjectResults project={project} search={search} kind={kind} />}
    </>
  );
}
