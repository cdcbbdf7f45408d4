import type { QueryClient } from '@tanstack/react-query';
import { createRouter } from '@tanstack/react-router';
import { inward, outward } from './routes/addresses';
import { accountRoutes } from './routes/account';
import { artifactRoutes } from './routes/artifacts';
import { candidateRoutes, linkRoutes } from './routes/candidates';
import { compareRoutes } from './routes/compare';
import { homeRoutes } from './routes/home';
import { lifecycleRoutes } from './routes/lifecycle';
import { kitRoutes } from './routes/kit';
import { modelRoutes } from './routes/models';
import { namespaceRoutes } from './routes/namespaces';
import { projectRoute, rootRoute } from './routes/root';
import { settingsRoutes } from './routes/settings';
import { RouteFailure } from './shell/RouteFailure';
import { RouteMissing } from './shell/RouteMissing';

const tree = rootRoute.addChildren([
  ...homeRoutes,
  ...kitRoutes,
  ...accountRoutes,
  ...namespaceRoutes,
  ...linkRoutes,
  projectRoute.addChildren([...artifactRoutes, ...modelRoutes, ...candidateRoutes, ...lifecycleRoutes, ...settingsRoutes, ...compareRoutes]),
]);

export function newRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    rewrite: {
      input: ({ url }) => {
        url.pathname = inward(url.pathname);
        return url;
      },
      output: ({ url }) => {
        url.pathname = outward(url.pathname);
        return url;
      },
    },
    defaultPreload: 'intent',
    // TanStack Query decides what is fresh.
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: RouteFailure,
    defaultNotFoundComponent: RouteMissing,
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof newRouter>;
  }
}
