import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from './root';

export const uploadsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'uploads',
  component: lazyRouteComponent(() => import('../pages/artifacts/UploadsPage'), 'UploadsPage'),
});

export const artifactRoutes = [uploadsRoute];
