import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { query } from '../../api';
import { NamespaceDocument } from '../../api/operations';
import { RouteMissing } from '../../shell/RouteMissing';

/** The page of a group or a project. */
export function NamespacePage() {
  const { path } = useParams({ from: '/n/$path' });
  const { data } = useQuery(query(NamespaceDocument, { path }));
  if (data === undefined) return null;
  const found = data.project ?? data.group;
  return found ? <h1>{found.name}</h1> : <RouteMissing />;
}
