import { keepPreviousData, useQuery } from '@tanstack/react-query';
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
import { recentOf, waitingFor } from './waiting';
import { WaitingList } from './WaitingList';
import { Welcome } from './Welcome';
import styles from './HomePage.module.css';

/** How many things that wait of each kind are read at first, and more with each page; a list has at most 100. */
const WAITING_PAGE = 10;
const MOST_WAITING = 100;
/** Changes are told for one project at a time, not for all: home is read again every minute, and when it gets the focus. */
const REFRESH_MS = 60_000;

/** Where a person begins: what waits for them, what is new, and their projects. */
export function HomePage() {
  const t = useT();
  const navigate = useNavigate({ from: '/' });
  const { list, q } = useSearch({ from: '/' });
  const [isNew, setNew] = useState(false);
  const [most, setMost] = useState(WAITING_PAGE);
  const result = useQuery({
    ...query(HomeDocument, { waiting: most }),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
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
          const waiting = data.viewer && waitingFor(data.viewer);
          return (
            <div className={styles.page}>
              {own.length === 0 && <Welcome isVisitor={data.viewer === null} onNew={() => setNew(true)} />}
              {own.length > 0 && data.viewer && waiting && (
                <div className={styles.columns}>
                  <div>
                    <WaitingList
                      items={waiting.items}
                      hasMore={waiting.hasMore && most < MOST_WAITING}
                      busy={result.isPlaceholderData}
                      onMore={() => setMost((count) => Math.min(2 * count, MOST_WAITING))}
                    />
                  </div>
                  <div>
                    <RecentVersions versions={recentOf(data.viewer)} />
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
