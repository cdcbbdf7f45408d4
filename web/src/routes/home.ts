import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from './root';
import { oneOf, present, text } from './search';

export const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  component: lazyRouteComponent(() => import('../pages/home/HomePage'), 'HomePage'),
});

export const searchRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/-/search',
  validateSearch: ({ q, project, kind }) =>
    present({ q: text(q, 255), project: text(project), kind: oneOf(kind, ['models', 'versions', 'candidates', 'projects']) }),
  component: lazyRouteComponent(() => import('../pages/home/SearchPage'), 'SearchPage'),
});

export const homeRoutes = [homeRoute, searchRoute];
