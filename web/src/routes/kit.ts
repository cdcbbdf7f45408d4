import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from './root';

/** Whether there is the page of all components: in development, and in builds that are made to look at it. */
const hasKit = import.meta.env.DEV || import.meta.env['VITE_KIT'] === '1';

export const kitRoutes = hasKit
  ? [
      createRoute({
        getParentRoute: () => rootRoute,
        path: '/-/kit',
        component: lazyRouteComponent(() => import('../pages/kit/KitPage'), 'KitPage'),
      }),
    ]
  : [];
