import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from './root';
import { flag, oneOf, present, text } from './search';

/** Which promotion requests are listed: open ones, unless one of these. */
export const REQUEST_VIEWS = ['promoted', 'rejected', 'withdrawn', 'expired', 'all'] as const;

export const promotionsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'promotions',
  validateSearch: ({ status }) => present({ status: oneOf(status, REQUEST_VIEWS) }),
  component: lazyRouteComponent(() => import('../pages/lifecycle/PromotionsPage'), 'PromotionsPage'),
});

export const promotionRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'promotions/$request',
  component: lazyRouteComponent(() => import('../pages/lifecycle/PromotionPage'), 'PromotionPage'),
});

export const stagesRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'stages',
  validateSearch: ({ stage }) => present({ stage: text(stage) }),
  component: lazyRouteComponent(() => import('../pages/lifecycle/StagesPage'), 'StagesPage'),
});

export const deploymentsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'deployments',
  validateSearch: ({ status, yanked }) =>
    present({ status: oneOf(status, ['RUNNING', 'SILENT', 'ENDED']), yanked: flag(yanked) }),
  component: lazyRouteComponent(() => import('../pages/lifecycle/DeploymentsPage'), 'DeploymentsPage'),
});

export const lifecycleRoutes = [promotionsRoute, promotionRoute, stagesRoute, deploymentsRoute];
