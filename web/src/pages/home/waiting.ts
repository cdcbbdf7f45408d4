import type { DataOf } from '../../api';
import type { HomeDocument } from '../../api/operations';

type HomeProject = NonNullable<DataOf<typeof HomeDocument>['viewer']>['projects']['nodes'][number];
type Version = HomeProject['modelVersionSearch']['nodes'][number];

/** A project of the viewer with what is new and what waits in it. */
export type { HomeProject };

/** A version and the project that it is in. */
export interface RecentVersion {
  readonly version: Version;
  readonly project: string;
}

/** Something that waits for the viewer. */
export type Waiting =
  | { readonly kind: 'approval'; readonly at: string; readonly project: string; readonly request: HomeProject['promotionRequests']['nodes'][number] }
  | { readonly kind: 'job'; readonly at: string; readonly project: string; readonly job: HomeProject['backgroundJobs']['nodes'][number] }
  | { readonly kind: 'version'; readonly at: string; readonly project: string; readonly version: Version };

const TROUBLED = new Set(['QUARANTINED', 'FAILED']);

/** What waits in all projects, the newest first: requests that the viewer may approve, failed jobs, held back versions. */
export function waitingIn(projects: readonly HomeProject[]): Waiting[] {
  const all = projects.flatMap((project): Waiting[] => {
    const at = project.fullPath;
    const approvals = project.promotionRequests.nodes.filter((request) => request.viewerCanApprove);
    const versions = project.modelVersionSearch.nodes.filter((version) => TROUBLED.has(version.status));
    return [
      ...approvals.map((request) => ({ kind: 'approval' as const, at: request.createdAt, project: at, request })),
      ...project.backgroundJobs.nodes.map((job) => ({ kind: 'job' as const, at: job.finishedAt ?? '', project: at, job })),
      ...versions.map((version) => ({ kind: 'version' as const, at: version.updatedAt, project: at, version })),
    ];
  });
  return all.sort((one, other) => other.at.localeCompare(one.at));
}

/** Versions of all projects, the latest change first. */
export function recentIn(projects: readonly HomeProject[], most = 10): RecentVersion[] {
  return projects
    .flatMap((project) => project.modelVersionSearch.nodes.map((version) => ({ version, project: project.fullPath })))
    .sort((one, other) => other.version.updatedAt.localeCompare(one.version.updatedAt))
    .slice(0, most);
}
