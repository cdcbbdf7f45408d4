import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from './root';
import { oneOf, present } from './search';

/** A group or a project: both are addressed by their path alone. */
export const namespaceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/n/$path',
  validateSearch: (given) => present({ new: oneOf(given['new'], ['group', 'project']) }),
  component: lazyRouteComponent(() => import('../pages/namespaces/NamespacePage'), 'NamespacePage'),
});

export const namespaceRoutes = [namespaceRoute];
