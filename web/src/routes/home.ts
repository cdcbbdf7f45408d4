import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from './root';
import { oneOf, present, text } from './search';

/** Lists of the home page. */
export const HOME_LISTS = ['own', 'all'] as const;

export const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch: ({ list, q }) => present({ list: oneOf(list, HOME_LISTS), q: text(q, 255) }),
  component: lazyRouteComponent(() => import('../pages/home/HomePage'), 'HomePage'),
});

/** The kinds of things that a search finds in a project. */
export const HIT_KINDS = ['Model', 'ModelVersion', 'Experiment', 'Candidate'] as const;

export const searchRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/-/search',
  validateSearch: ({ q, project, kind }) =>
    present({ q: text(q, 255), project: text(project), kind: oneOf(kind, HIT_KINDS) }),
  component: lazyRouteComponent(() => import('../pages/home/SearchPage'), 'SearchPage'),
});

export const homeRoutes = [homeRoute, searchRoute];
