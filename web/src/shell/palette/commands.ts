import type { useNavigate } from '@tanstack/react-router';
import { chooseLanguage, LANGUAGES, type Language, type MessageKey, type Translate } from '../../i18n';
import type { Current } from '../current';
import { isShown, PROJECT_NAVIGATION } from '../navigation';
import { signOut } from '../state/signing_out';
import { chooseTheme } from '../theme';
import { openPalette } from './open';

/** A line of the palette. */
export interface Command {
  readonly id: string;
  readonly label: string;
  /** In what it is, or what it is called elsewhere; is looked through, too. */
  readonly detail?: string;
  /** The keys that do the same. */
  readonly keys?: string;
  readonly run: () => void;
}

/** Commands under one heading. */
export interface CommandGroup {
  readonly label: MessageKey;
  readonly items: readonly Command[];
}

type Navigate = ReturnType<typeof useNavigate>;

/** What can be done from anywhere, and in the project that is open. */
export function commands(t: Translate, navigate: Navigate, current: Current): CommandGroup[] {
  return [
    { label: 'shell.palette_pages', items: pages(t, navigate, current) },
    { label: 'shell.palette_actions', items: actions(t, navigate, current) },
  ];
}

function pages(t: Translate, navigate: Navigate, { project, user, isAdmin }: Current): Command[] {
  const ofProject =
    project === null
      ? []
      : PROJECT_NAVIGATION.flatMap((group) => group.items)
          .filter((item) => isShown(item, project))
          .map((item) => ({
            id: item.to,
            label: t(item.label),
            detail: project.fullPath,
            ...(item.key !== undefined && { keys: `g ${item.key}` }),
            run: () => void navigate({ to: item.to, params: { project: project.fullPath } }),
          }));
  const ofUser: Command[] = user
    ? [{ id: 'account', label: t('shell.account'), run: () => void navigate({ to: '/-/account' }) }]
    : [];
  const ofAdmin: Command[] = isAdmin
    ? [{ id: 'users', label: t('shell.users'), run: () => void navigate({ to: '/-/admin/users' }) }]
    : [];
  return [
    ...ofProject,
    { id: 'home', label: t('shell.to_home'), keys: 'g h', run: () => void navigate({ to: '/' }) },
    ...ofUser,
    ...ofAdmin,
  ];
}

function actions(t: Translate, navigate: Navigate, { project, user }: Current): Command[] {
  const themes = (['light', 'dark', 'system'] as const).map((theme) => ({
    id: `theme ${theme}`,
    label: t(`shell.theme_${theme}`),
    detail: t('shell.theme'),
    run: () => chooseTheme(theme),
  }));
  const languages = (Object.entries(LANGUAGES) as [Language, string][]).map(([code, name]) => ({
    id: `language ${code}`,
    label: name,
    detail: t('shell.language'),
    run: () => void chooseLanguage(code),
  }));
  const token: Command[] = user
    ? [
        {
          id: 'new token',
          label: t('shell.new_token'),
          run: () => void navigate({ to: '/-/account', search: { tab: 'tokens', new: true } }),
        },
      ]
    : [];
  const overview: Command[] =
    project === null
      ? []
      : [
          {
            id: 'project',
            label: t('shell.to_project'),
            detail: project.fullPath,
            run: () => void navigate({ to: '/n/$path', params: { path: project.fullPath } }),
          },
        ];
  const newModel: Command[] =
    project === null || !project.viewerCanWriteRegistry
      ? []
      : [
          {
            id: 'new model',
            label: t('shell.new_model'),
            detail: project.fullPath,
            run: () => void navigate({ to: '/p/$project/new-model', params: { project: project.fullPath } }),
          },
        ];
  const signingOut: Command[] = user ? [{ id: 'sign out', label: t('shell.sign_out'), run: () => void signOut() }] : [];
  const keys = { id: 'keys', label: t('shell.shortcuts'), keys: '?', run: () => openPalette('shortcuts') };
  return [...newModel, ...overview, ...token, ...themes, ...languages, keys, ...signingOut];
}
