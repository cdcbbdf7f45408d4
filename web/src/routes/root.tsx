import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, Outlet, redirect } from '@tanstack/react-router';
import { Shell } from '../shell/Shell';

/** What loaders of routes get. */
export interface RouteContext {
  readonly queries: QueryClient;
}

/** Pages of MLflow, which stand behind the `#` of its address. */
const MLFLOW_PAGE = /^\/(?:experiments|models)(?:\/|$|\?)/;

export const rootRoute = createRootRouteWithContext<RouteContext>()({
  component: Shell,
  beforeLoad: ({ location: { pathname, hash } }) => {
    if (pathname === '/' && MLFLOW_PAGE.test(hash)) throw redirect({ to: '/-/mlflow', hash, replace: true });
  },
});

/** Pages of one project; `/team/vision/-/…` in the browser. The parameter is the full path. */
export const projectRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/p/$project',
  component: Outlet,
});
