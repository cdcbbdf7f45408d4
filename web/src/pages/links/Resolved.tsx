import { useQuery } from '@tanstack/react-query';
import { Navigate } from '@tanstack/react-router';
import type { Failure } from '../../api';
import { useT } from '../../i18n';
import { ButtonLink, Card, Empty, PageHeader, Problem, Skeleton } from '../../ui';
import { TargetLink } from './TargetLink';
import type { Target } from './things';

interface Props {
  /** What is resolved, for the cache. */
  readonly name: readonly (string | undefined)[];
  readonly resolve: () => Promise<readonly Target[]>;
}

/** Go to the page that a foreign address means; where it may mean several, say which. */
export function Resolved({ name, resolve }: Props) {
  const t = useT();
  const { data, error, refetch } = useQuery<readonly Target[], Failure>({ queryKey: ['Resolved', ...name], queryFn: resolve, staleTime: 60_000 });
  if (error !== null) return <Problem failure={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton rows={4} />;
  const [only] = data;
  if (only === undefined) {
    return (
      <Empty title={t('candidates.link_missing')} action={<ButtonLink to="/">{t('candidates.link_home')}</ButtonLink>}>
        {t('candidates.link_missing_text')}
      </Empty>
    );
  }
  if (data.length === 1) return <GoTo target={only} />;
  return (
    <>
      <PageHeader title={t('candidates.link_which')} description={t('candidates.link_which_text')} />
      <Card>
        <ul>
          {data.map((target) => (
            <li key={target.project}>
              <TargetLink target={target} />
            </li>
          ))}
        </ul>
      </Card>
    </>
  );
}

function GoTo({ target }: { readonly target: Target }) {
  const { project } = target;
  switch (target.kind) {
    case 'experiments':
      return <Navigate to="/p/$project/experiments" params={{ project }} replace />;
    case 'experiment':
      return <Navigate to="/p/$project/experiments/$number" params={{ project, number: target.number }} replace />;
    case 'candidate':
      return <Navigate to="/p/$project/candidates/$candidate" params={{ project, candidate: target.uuid }} replace />;
    case 'models':
      return <Navigate to="/p/$project/models" params={{ project }} replace />;
    case 'model':
      return <Navigate to="/p/$project/models/$model" params={{ project, model: target.model }} replace />;
    case 'version':
      return <Navigate to="/p/$project/models/$model/versions/$version" params={{ project, model: target.model, version: target.version }} replace />;
  }
}
