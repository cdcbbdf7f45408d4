import type { RegisteredRouter, RouteIds } from '@tanstack/react-router';
import type { MessageKey } from '../i18n';

/** Pages of a project that need nothing in their address but the project. */
export type ProjectPage = Exclude<
  Extract<RouteIds<RegisteredRouter['routeTree']>, `/p/$project/${string}`>,
  `/p/$project/${string}$${string}`
>;

/** What the viewer needs to be shown a page. */
export type Need = 'registry' | 'experiments' | 'manage' | 'member';

/** A line of the navigation. */
export interface NavigationItem {
  readonly to: ProjectPage;
  readonly label: MessageKey;
  /** Left out for those without it; the server decides, this only spares them a refusal. */
  readonly need?: Need;
  /** The key that leads there after `g`. */
  readonly key?: string;
}

/** Lines under one heading. */
export interface NavigationGroup {
  readonly label: MessageKey;
  readonly items: readonly NavigationItem[];
}

/** The pages of a project in the order of the navigation: whoever adds a page adds its line here. */
export const PROJECT_NAVIGATION: readonly NavigationGroup[] = [
  {
    label: 'shell.registry',
    items: [{ to: '/p/$project/models', label: 'shell.models', need: 'registry', key: 'm' }],
  },
  {
    label: 'shell.tracking',
    items: [
      { to: '/p/$project/experiments', label: 'experiments.title', need: 'experiments', key: 'e' },
      { to: '/p/$project/candidates', label: 'candidates.title', need: 'experiments', key: 'c' },
    ],
  },
];
