import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useRef } from 'react';
import { useSubscription } from '../../api';
import { CandidateCurvesDocument, CandidateDocument, CandidateLiveDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { present } from '../../routes/search';
import { Empty, Loaded } from '../../ui';
import { CandidateHeader } from './candidate/CandidateHeader';
import { CandidateTab } from './candidate/CandidateTab';
import { candidateDetails } from './opening';

/** Curves are drawn anew this often at most while a candidate logs. */
const EVERY_MILLISECONDS = 1_500;

/** A candidate: what it logged, wrote and became. */
export function CandidatePage() {
  const t = useT();
  const { project, candidate: uuid } = useParams({ from: '/p/$project/candidates/$candidate' });
  const { tab = 'overview', q = '', path } = useSearch({ from: '/p/$project/candidates/$candidate' });
  const go = useNavigate({ from: '/p/$project/candidates/$candidate' });
  const answer = useQuery(candidateDetails(useQueryClient(), project, uuid, tab));
  const candidate = answer.data?.candidate ?? null;
  useLiveCandidate(candidate !== null && candidate.deletedAt === null ? candidate.id : null);
  return (
    <Loaded query={answer}>
      {() =>
        candidate === null ? (
          <Empty title={t('candidates.missing')}>{t('candidates.missing_text')}</Empty>
        ) : (
          <>
            <CandidateHeader
              project={project}
              candidate={candidate}
              tab={tab}
              onTab={(next) => void go({ search: present({ tab: next === 'overview' ? undefined : next }) })}
            />
            <CandidateTab
              project={project}
              candidate={candidate}
              tab={tab}
              search={q}
              onSearch={(text) => void go({ search: (before) => present({ ...before, q: text === '' ? undefined : text }), replace: true })}
              file={path}
              onFile={(next) => void go({ search: (before) => present({ ...before, path: next }) })}
            />
          </>
        )
      }
    </Loaded>
  );
}

function useLiveCandidate(id: string | null): void {
  const queries = useQueryClient();
  const timer = useRef<number | undefined>(undefined);
  useSubscription(CandidateLiveDocument, id === null ? null : { id }, ({ candidateUpdated: { isComplete } }) => {
    // The first answer tells what the page has just read.
    if (isComplete || timer.current !== undefined) return;
    timer.current = window.setTimeout(() => {
      timer.current = undefined;
      void queries.invalidateQueries({ predicate: ({ queryKey: [name] }) => name === CandidateDocument.name || name === CandidateCurvesDocument.name });
    }, EVERY_MILLISECONDS);
  });
}
