import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from './root';
import { oneOf, present, text } from './search';

export const JOB_STATUSES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'DEAD', 'CANCELLED'] as const;

const jobsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'jobs',
  validateSearch: ({ status }) => present({ status: oneOf(status, JOB_STATUSES) }),
  component: lazyRouteComponent(() => import('../pages/settings/JobsPage'), 'JobsPage'),
});

const membersRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'members',
  component: lazyRouteComponent(() => import('../pages/settings/MembersPage'), 'MembersPage'),
});

const tokensRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'tokens',
  component: lazyRouteComponent(() => import('../pages/settings/TokensPage'), 'TokensPage'),
});

const webhooksRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'webhooks',
  validateSearch: ({ webhook }) => present({ webhook: text(webhook) }),
  component: lazyRouteComponent(() => import('../pages/settings/WebhooksPage'), 'WebhooksPage'),
});

const storageRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'storage',
  component: lazyRouteComponent(() => import('../pages/settings/StoragePage'), 'StoragePage'),
});

const auditRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'audit',
  validateSearch: ({ by, type }) => present({ by: text(by, 255), type: text(type, 100) }),
  component: lazyRouteComponent(() => import('../pages/settings/AuditPage'), 'AuditPage'),
});

const projectSettingsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'settings',
  component: lazyRouteComponent(() => import('../pages/settings/ProjectSettingsPage'), 'ProjectSettingsPage'),
});

export const settingsRoutes = [
  jobsRoute, membersRoute, tokensRoute, webhooksRoute, storageRoute, auditRoute, projectSettingsRoute,
];
