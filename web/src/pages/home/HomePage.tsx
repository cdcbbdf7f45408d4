import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { query } from '../../api';
import { HomeDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Loaded, PageHeader, Skeleton } from '../../ui';
import { NewProjectDialog } from '../namespaces/NewProjectDialog';
import { ProjectLists } from './ProjectLists';
import { RecentVersions } from './RecentVersions';
import { waitingIn, recentIn } from './waiting';
import { WaitingList } from './WaitingList';
import { Welcome } from './Welcome';
import styles from './HomePage.module.css';

/** Where a person begins: what waits for them, what is new, and their projects. */
export function HomePage() {
  const t = useT();
  const navigate = useNavigate({ from: '/' });
  const { list, q } = useSearch({ from: '/' });
  const [isNew, setNew] = useState(false);
  const result = useQuery(query(HomeDocument, {}));
  const viewer = result.data?.viewer;
  return (
    <>
      <PageHeader
        title={t('home.title')}
        actions={
          viewer?.user && (
            <Button variant="primary" icon={<Plus />} onClick={() => setNew(true)}>
              {t('home.new_project')}
            </Button>
          )
        }
      />
      <Loaded query={result} skeleton={<Skeleton rows={8} />}>
        {(data) => {
          const own = data.viewer?.projects.nodes ?? [];
          return (
            <div className={styles.page}>
              {own.length === 0 && <Welcome isVisitor={data.viewer === null} onNew={() => setNew(true)} />}
              {own.length > 0 && (
                <div className={styles.columns}>
                  <div>
                    <WaitingList items={waitingIn(own)} />
                  </div>
                  <div>
                    <RecentVersions versions={recentIn(own)} />
                  </div>
                </div>
              )}
              <ProjectLists
                own={data.viewer?.projects ?? null}
                visible={data.projects}
                list={list ?? (own.length > 0 ? 'own' : 'all')}
                search={q ?? ''}
                onList={(next) => void navigate({ search: { list: next }, replace: true })}
                onSearch={(text) =>
                  void navigate({ search: { list: 'all', ...(text !== '' && { q: text }) }, replace: true })
                }
              />
            </div>
          );
        }}
      </Loaded>
      {isNew && <NewProjectDialog onClose={() => setNew(false)} />}
    </>
  );
}
