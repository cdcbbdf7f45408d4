import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from './root';
import { flag, oneOf, present, text } from './search';

/** Tabs of the account. */
export const ACCOUNT_TABS = ['tokens', 'sessions', 'identities', 'password', 'log'] as const;

export const accountRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/-/account',
  validateSearch: (given) =>
    present({ tab: oneOf(given['tab'], ACCOUNT_TABS), new: flag(given['new']), all: flag(given['all']) }),
  component: lazyRouteComponent(() => import('../pages/account/AccountPage'), 'AccountPage'),
});

/** Tabs of the page of users. */
export const ADMIN_TABS = ['users', 'invitations', 'log'] as const;

export const adminRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/-/admin/users',
  validateSearch: ({ tab, q, status, kind, invitations, sort, username, action, result, address }) =>
    present({
      tab: oneOf(tab, ADMIN_TABS),
      q: text(q, 255),
      status: oneOf(status, ['ACTIVE', 'DEACTIVATED', 'DELETED']),
      kind: oneOf(kind, ['admins', 'bots']),
      sort: oneOf(sort, ['USERNAME.desc', 'LAST_ACTIVE_AT.asc', 'LAST_ACTIVE_AT.desc']),
      invitations: oneOf(invitations, ['PENDING', 'ACCEPTED', 'REVOKED', 'EXPIRED']),
      username: text(username, 255),
      action: text(action, 40),
      result: oneOf(result, ['DONE', 'REFUSED']),
      address: text(address, 64),
    }),
  component: lazyRouteComponent(() => import('../pages/admin/AdminPage'), 'AdminPage'),
});

export const accountRoutes = [accountRoute, adminRoute];
