import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { query, type DataOf } from '../api';
import { ShellDocument } from '../api/operations';

type Shell = DataOf<typeof ShellDocument>;

/** Who looks at the page; null for visitors. */
export type CurrentUser = NonNullable<NonNullable<Shell['viewer']>['user']>;

/** The project whose pages are shown, and what the viewer may do in it. */
export type CurrentProject = NonNullable<Shell['project']>;

/** What every page knows without asking: one request for the shell, which pages share. */
export interface Current {
  /** False until the server has told it. */
  readonly isKnown: boolean;
  readonly user: CurrentUser | null;
  readonly isAdmin: boolean;
  /** Null outside a project, and where it is not there or may not be seen. */
  readonly project: CurrentProject | null;
}

/** The path of the group or project in the address; undefined on pages of the installation. */
export function useNamespacePath(): string | undefined {
  const { project, path } = useParams({ strict: false });
  return project ?? path;
}

/** The path of the project whose pages are shown; undefined elsewhere. */
export function useProjectPath(): string | undefined {
  const { project } = useParams({ strict: false });
  // The address of an overview does not say whether it is of a group or of a project.
  const shown = useCurrent().project?.fullPath;
  return project ?? shown;
}

/** Viewer and project of the page. */
export function useCurrent(): Current {
  const path = useNamespacePath();
  const variables = { project: path ?? '', isProject: path !== undefined };
  const { data } = useQuery({ ...query(ShellDocument, variables), placeholderData: keepPreviousData });
  const project = data?.project ?? null;
  return {
    isKnown: data !== undefined,
    user: data?.viewer?.user ?? null,
    isAdmin: data?.viewer?.isAdmin ?? false,
    project: project !== null && project.fullPath.toLowerCase() === path?.toLowerCase() ? project : null,
  };
}
