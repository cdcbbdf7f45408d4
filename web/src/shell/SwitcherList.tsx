import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { query } from '../api';
import { SwitcherDocument } from '../api/operations';
import { useT } from '../i18n';
import { SearchInput } from '../ui';
import styles from './SwitcherList.module.css';

/** Own projects; with a text all that may be seen. */
export function SwitcherList({ onChoice }: { readonly onChoice: () => void }) {
  const t = useT();
  const [search, setSearch] = useState('');
  const { data } = useQuery({ ...query(SwitcherDocument, { search }), placeholderData: keepPreviousData });
  const own = data?.viewer?.projects.nodes ?? [];
  const projects = search === '' && own.length > 0 ? own : (data?.projects.nodes ?? []);
  return (
    <div className={styles.box}>
      <SearchInput value={search} onChange={setSearch} placeholder={t('shell.find_project')} />
      <ul className={styles.list}>
        {projects.map((project) => (
          <li key={project.id}>
            <Link to="/n/$path" params={{ path: project.fullPath }} className={styles.project} onClick={onChoice}>
              <span>{project.name}</span>
              <span className={styles.path}>{project.fullPath}</span>
            </Link>
          </li>
        ))}
      </ul>
      {data !== undefined && projects.length === 0 && <p className={styles.path}>{t('shell.no_project')}</p>}
    </div>
  );
}
