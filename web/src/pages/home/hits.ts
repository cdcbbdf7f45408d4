import type { HitFragment } from '../../api/operations';

/** One thing that a search has found. */
export type Hit = HitFragment;

/** What kind of thing it is. */
export type HitKind = Hit['__typename'];

const TYPES = { Model: 'MODEL', ModelVersion: 'MODEL_VERSION', Experiment: 'EXPERIMENT', Candidate: 'CANDIDATE' } as const;

/** The kinds that a search is narrowed to, as the server calls them; null: all. */
export function typesOf(kind: HitKind | undefined) {
  return kind === undefined ? null : [TYPES[kind]];
}

/** What it is called. */
export function nameOf(hit: Hit): string {
  return hit.__typename === 'ModelVersion' ? `${hit.model?.name ?? ''} ${hit.version}` : hit.name;
}

/** The path of its project; null where that may not be seen. */
export function projectOf(hit: Hit): string | null {
  const project = hit.__typename === 'ModelVersion' ? hit.model?.project : hit.project;
  return project?.fullPath ?? null;
}

/** The address of its page; null where its project may not be seen. */
export function hrefOf(hit: Hit): string | null {
  const project = projectOf(hit);
  if (project === null) return null;
  const base = `/${project}/-`;
  switch (hit.__typename) {
    case 'Model':
      return `${base}/models/${encodeURIComponent(hit.name)}`;
    case 'ModelVersion':
      return hit.model && `${base}/models/${encodeURIComponent(hit.model.name)}/versions/${encodeURIComponent(hit.version)}`;
    case 'Experiment':
      return `${base}/experiments/${hit.number}`;
    case 'Candidate':
      return `${base}/candidates/${hit.uuid}`;
  }
}
