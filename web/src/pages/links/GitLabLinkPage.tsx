import { useParams } from '@tanstack/react-router';
import { resolveGitLab } from './gitlab';
import { Resolved } from './Resolved';

/** An address of GitLab's pages of models, experiments and candidates. */
export function GitLabLinkPage() {
  const { project, _splat = '' } = useParams({ from: '/p/$project/ml/$' });
  return <Resolved name={['gitlab', project, _splat]} resolve={() => resolveGitLab(project, _splat)} />;
}
