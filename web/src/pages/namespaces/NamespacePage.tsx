import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { query } from '../../api';
import { NamespaceDocument } from '../../api/operations';
import { RouteMissing } from '../../shell/RouteMissing';
import { Loaded, Skeleton } from '../../ui';
import { GroupPage } from './GroupPage';
import { ProjectPage } from './ProjectPage';

/** The page of a group or a project. */
export function NamespacePage() {
  const { path } = useParams({ from: '/n/$path' });
  const result = useQuery(query(NamespaceDocument, { path }));
  return (
    <Loaded query={result} skeleton={<Skeleton rows={8} />}>
      {({ project, group }) => {
        if (project) return <ProjectPage project={project} />;
        return group ? <GroupPage group={group} /> : <RouteMissing />;
      }}
    </Loaded>
  );
}
