import type { DataOf } from '../../api';
import type { HomeDocument, HomeVersionFragment } from '../../api/operations';

type Viewer = NonNullable<DataOf<typeof HomeDocument>['viewer']>;

/** A project of the viewer. */
export type HomeProject = Viewer['projects']['nodes'][number];

/** A version and the project that it is in. */
export interface RecentVersion {
  readonly version: HomeVersionFragment;
  readonly project: string;
}

/** Something that waits for the viewer. */
export type Waiting =
  | { readonly kind: 'approval'; readonly at: string; readonly project: string; readonly request: Viewer['promotionRequests']['nodes'][number] }
  | { readonly kind: 'job'; readonly at: string; readonly project: string; readonly job: Viewer['backgroundJobs']['nodes'][number] }
  | { readonly kind: 'version'; readonly at: string; readonly project: string; readonly version: HomeVersionFragment };

/** What waits, and whether there is more of it. */
export interface WaitingPage {
  readonly items: readonly Waiting[];
  readonly hasMore: boolean;
}

/**
 * What waits in all projects of the viewer, the newest first: requests to approve, failed jobs, held back versions.
 *
 * Of a list that goes on, nothing is known of what is older than its last row: other things of that age wait for the
 * next page, so that none appears above those that were seen.
 */
export function waitingFor(viewer: Viewer): WaitingPage {
  const lists: { readonly items: readonly Waiting[]; readonly goesOn: boolean }[] = [
    {
      goesOn: viewer.promotionRequests.pageInfo.hasNextPage,
      items: viewer.promotionRequests.nodes.map((request) => ({
        kind: 'approval', at: request.createdAt, project: request.modelVersion?.model?.project?.fullPath ?? '', request,
      })),
    },
    {
      goesOn: viewer.backgroundJobs.pageInfo.hasNextPage,
      items: viewer.backgroundJobs.nodes.map((job) => ({
        kind: 'job', at: job.finishedAt ?? '', project: job.project?.fullPath ?? '', job,
      })),
    },
    {
      goesOn: viewer.troubled.pageInfo.hasNextPage,
      items: viewer.troubled.nodes.map((version) => ({
        kind: 'version', at: version.updatedAt, project: version.model?.project?.fullPath ?? '', version,
      })),
    },
  ];
  const known = lists.map(({ items, goesOn }) => (goesOn ? (items.at(-1)?.at ?? '') : '')).reduce((one, other) => (one > other ? one : other));
  const items = lists.flatMap((list) => list.items).filter((item) => item.at >= known);
  return {
    items: items.sort((one, other) => other.at.localeCompare(one.at)),
    hasMore: lists.some((list) => list.goesOn),
  };
}

/** The versions that changed last, with their projects. */
export function recentOf(viewer: Viewer): RecentVersion[] {
  return viewer.recent.nodes.map((version) => ({ version, project: version.model?.project?.fullPath ?? '' }));
}
