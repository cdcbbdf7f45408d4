import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, Outlet } from '@tanstack/react-router';
import { Shell } from '../shell/Shell';

/** What loaders of routes get. */
export interface RouteContext {
  readonly queries: QueryClient;
}

export const rootRoute = createRootRouteWithContext<RouteContext>()({ component: Shell });

/** Pages of one project; `/team/vision/-/…` in the browser. The parameter is the full path. */
export const projectRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/p/$project',
  component: Outlet,
});
