import type { RegisteredRouter, RouteIds } from '@tanstack/react-router';
import {
  ArrowUpCircle,
  FlaskConical,
  HardDrive,
  KeyRound,
  ListChecks,
  ListTree,
  Milestone,
  Package,
  Rocket,
  ScrollText,
  Settings,
  UploadCloud,
  Users,
  Webhook,
  type LucideIcon,
} from 'lucide-react';
import type { MessageKey } from '../i18n';
import type { CurrentProject } from './current';

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
  readonly icon?: LucideIcon;
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

/** The pages of a project in the order of the navigation: a new page gets its line here. */
export const PROJECT_NAVIGATION: readonly NavigationGroup[] = [
  {
    label: 'shell.registry',
    items: [{ to: '/p/$project/models', label: 'shell.models', icon: Package, need: 'registry', key: 'm' }],
  },
  {
    label: 'shell.tracking',
    items: [
      { to: '/p/$project/experiments', label: 'experiments.title', icon: FlaskConical, need: 'experiments', key: 'e' },
      { to: '/p/$project/candidates', label: 'candidates.title', icon: ListTree, need: 'experiments', key: 'c' },
    ],
  },
  {
    label: 'lifecycle.title',
    items: [
      { to: '/p/$project/promotions', label: 'lifecycle.promotions', icon: ArrowUpCircle, need: 'registry', key: 'p' },
      { to: '/p/$project/stages', label: 'lifecycle.stages', icon: Milestone, need: 'registry' },
      { to: '/p/$project/deployments', label: 'lifecycle.deployments', icon: Rocket, need: 'registry', key: 'd' },
    ],
  },
  {
    label: 'settings.group',
    items: [
      { to: '/p/$project/jobs', label: 'settings.jobs', icon: ListChecks, need: 'member', key: 'j' },
      { to: '/p/$project/uploads', label: 'artifacts.uploads', icon: UploadCloud, need: 'member' },
      { to: '/p/$project/members', label: 'settings.members', icon: Users, need: 'member' },
      { to: '/p/$project/tokens', label: 'settings.tokens', icon: KeyRound, need: 'manage' },
      { to: '/p/$project/webhooks', label: 'settings.webhooks', icon: Webhook, need: 'manage' },
      { to: '/p/$project/storage', label: 'settings.storage', icon: HardDrive, need: 'member' },
      { to: '/p/$project/audit', label: 'settings.audit', icon: ScrollText, need: 'manage' },
      { to: '/p/$project/settings', label: 'settings.title', icon: Settings, need: 'manage' },
    ],
  },
];

/** Whether the viewer is shown a line in a project. */
export function isShown(item: NavigationItem, project: CurrentProject): boolean {
  const isMember = project.viewerRole !== null;
  switch (item.need) {
    case 'registry':
      return project.registryAccess === 'ENABLED' || (project.registryAccess === 'PRIVATE' && isMember);
    case 'experiments':
      return project.experimentsAccess === 'ENABLED' || (project.experimentsAccess === 'PRIVATE' && isMember);
    case 'manage':
      return project.viewerCanManage;
    case 'member':
      return isMember;
    default:
      return true;
  }
}
