import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute, rootRoute } from './root';
import { flag, oneOf, present, text, texts, whole, type Given } from './search';

/** What is shown of a table of candidates; short names, since tables are sent to colleagues by their addresses. */
function table({ f, sort, group, cols, flat, view, sel }: Given) {
  return present({
    /** The filter, in MLflow's grammar with OR, NOT and parentheses. */
    f: text(f, 4_096),
    /** The column to sort by; `-` before it: the greatest first. */
    sort: text(sort, 300),
    /** The tag or param by which rows are put together. */
    group: text(group, 300),
    /** The columns in their order, with pins and widths; see pages/candidates/table/columns.ts. */
    cols: text(cols, 8_000),
    /** Nested candidates among all others, not below their parents. */
    flat: flag(flat),
    view: oneOf(view, ['deleted']),
    /** The UUIDs of selected candidates. */
    sel: texts(sel, 50),
  });
}

/** The parameters of a table of candidates. */
export type TableSearch = ReturnType<typeof table>;

export const experimentsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'experiments',
  validateSearch: ({ q, view }) => present({ q: text(q, 255), view: oneOf(view, ['deleted']) }),
  component: lazyRouteComponent(() => import('../pages/experiments/ExperimentsPage'), 'ExperimentsPage'),
});

export const experimentRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'experiments/$number',
  validateSearch: table,
  component: lazyRouteComponent(() => import('../pages/candidates/ExperimentPage'), 'ExperimentPage'),
});

/** Candidates of several experiments. */
export const candidatesRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'candidates',
  validateSearch: (given: Given) => ({ ...table(given), ...present({ in: numbers(given['in']) }) }),
  component: lazyRouteComponent(() => import('../pages/candidates/CandidatesPage'), 'CandidatesPage'),
});

/** Tabs of a candidate's page. */
export const CANDIDATE_TABS = [
  'overview', 'metrics', 'params', 'artifacts', 'system', 'datasets', 'models', 'children', 'ci',
] as const;

export const candidateRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'candidates/$candidate',
  validateSearch: ({ tab, q, path }) =>
    present({
      tab: oneOf(tab, CANDIDATE_TABS),
      /** What is looked for among metrics, params and tags. */
      q: text(q, 255),
      /** The file that is shown. */
      path: text(path),
    }),
  component: lazyRouteComponent(() => import('../pages/candidates/CandidatePage'), 'CandidatePage'),
});

/** Addresses that MLflow's client prints: all behind the `#`. */
export const mlflowLinkRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/-/mlflow',
  validateSearch: ({ project }) => present({ project: text(project) }),
  component: lazyRouteComponent(() => import('../pages/links/MlflowLinkPage'), 'MlflowLinkPage'),
});

/** Addresses of GitLab's pages. */
export const gitlabLinkRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'ml/$',
  component: lazyRouteComponent(() => import('../pages/links/GitLabLinkPage'), 'GitLabLinkPage'),
});

function numbers(value: unknown): number[] | undefined {
  const list = (Array.isArray(value) ? value : [value]).map((one) => whole(one, 0)).filter((one) => one !== undefined);
  return list.length > 0 ? list.slice(0, 100) : undefined;
}

export const candidateRoutes = [experimentsRoute, experimentRoute, candidatesRoute, candidateRoute, gitlabLinkRoute];
export const linkRoutes = [mlflowLinkRoute];
