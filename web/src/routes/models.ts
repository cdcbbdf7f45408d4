import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from './root';
import { flag, oneOf, present, text, texts } from './search';

/** What a list of models can be sorted by, with the direction. */
export const MODEL_SORTS = ['updated', '-updated', 'name', '-name', 'created', '-created'] as const;

export const modelsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'models',
  validateSearch: ({ q, sort, view, cols }) =>
    present({
      q: text(q, 255),
      sort: oneOf(sort, MODEL_SORTS),
      // The arrangement of the columns: pages/models/arrangement.ts.
      cols: text(cols, 4_000),
      view: oneOf(view, ['deleted']),
    }),
  component: lazyRouteComponent(() => import('../pages/models/ModelsPage'), 'ModelsPage'),
});

/** Not below `models`, where every name may be that of a model. */
export const modelNewRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'new-model',
  validateSearch: ({ name }) => present({ name: text(name, 255) }),
  component: lazyRouteComponent(() => import('../pages/models/ModelNewPage'), 'ModelNewPage'),
});

/** Tabs of a model's page. */
export const MODEL_TABS = ['card', 'versions', 'candidates', 'performance', 'lineage', 'activity', 'settings'] as const;

/** What a model's versions can be sorted by, with the direction. */
export const VERSION_SORTS = ['version', '-version', 'created', '-created'] as const;

export const modelRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'models/$model',
  validateSearch: ({ tab, q, sort, view, metrics, selected, cols, alias, version }) =>
    present({
      tab: oneOf(tab, MODEL_TABS),
      // Versions: search, sort, trash, metric columns, those that are selected.
      q: text(q, 255),
      sort: oneOf(sort, VERSION_SORTS),
      view: oneOf(view, ['deleted']),
      metrics: texts(metrics),
      selected: texts(selected, 50),
      cols: text(cols, 4_000),
      // Activity: whose history. Lineage: of which version.
      alias: text(alias, 255),
      version: text(version, 255),
    }),
  component: lazyRouteComponent(() => import('../pages/models/ModelPage'), 'ModelPage'),
});

export const modelEditRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'models/$model/edit',
  component: lazyRouteComponent(() => import('../pages/models/ModelEditPage'), 'ModelEditPage'),
});

export const versionNewRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'models/$model/new-version',
  // `candidate`: the UUID of the one to take over.
  validateSearch: ({ candidate, version }) => present({ candidate: text(candidate, 64), version: text(version, 255) }),
  component: lazyRouteComponent(() => import('../pages/versions/VersionNewPage'), 'VersionNewPage'),
});

/** Tabs of a version's page. */
export const VERSION_TABS = ['overview', 'files', 'metrics', 'evaluations', 'lineage', 'activity', 'use'] as const;

/** `$version`: any reference that means one version: `1.2.3`, `latest`, `@champion`, `#7`. */
export const versionRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'models/$model/versions/$version',
  validateSearch: ({ tab, file, promote }) =>
    present({
      tab: oneOf(tab, VERSION_TABS),
      file: text(file),
      promote: flag(promote),
    }),
  component: lazyRouteComponent(() => import('../pages/versions/VersionPage'), 'VersionPage'),
});

export const versionEditRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'models/$model/versions/$version/edit',
  component: lazyRouteComponent(() => import('../pages/versions/VersionEditPage'), 'VersionEditPage'),
});

export const versionDiffRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'models/$model/versions/$version/diff',
  // Without a base: the highest release before it.
  validateSearch: ({ base }) => present({ base: text(base, 255) }),
  component: lazyRouteComponent(() => import('../pages/versions/VersionDiffPage'), 'VersionDiffPage'),
});

export const modelRoutes = [
  modelsRoute,
  modelNewRoute,
  modelRoute,
  modelEditRoute,
  versionNewRoute,
  versionRoute,
  versionEditRoute,
  versionDiffRoute,
];
