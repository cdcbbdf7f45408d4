import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from './root';
import { oneOf, present, text } from './search';

export const modelsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'models',
  validateSearch: ({ q, sort, view }) =>
    present({
      q: text(q, 255),
      sort: text(sort, 40),
      view: oneOf(view, ['deleted']),
    }),
  component: lazyRouteComponent(() => import('../pages/models/ModelsPage'), 'ModelsPage'),
});

/** Tabs of a model's page. */
export const MODEL_TABS = ['card', 'versions', 'candidates', 'performance', 'lineage', 'activity', 'settings'] as const;

export const modelRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'models/$model',
  validateSearch: ({ tab }) => present({ tab: oneOf(tab, MODEL_TABS) }),
  component: lazyRouteComponent(() => import('../pages/models/ModelPage'), 'ModelPage'),
});

export const modelRoutes = [modelsRoute, modelRoute];
