import type { ArtifactOwnerLookup } from '../../api/operations';

/** Whose files a page shows: the id is that of GraphQL. */
export interface FileOwner {
  readonly kind: 'modelVersion' | 'candidate' | 'loggedModel';
  readonly id: string;
}

/** The owner as mutations take it. */
export function lookupOf(owner: FileOwner): ArtifactOwnerLookup {
  switch (owner.kind) {
    case 'modelVersion':
      return { modelVersion: { id: owner.id } };
    case 'candidate':
      return { candidate: { id: owner.id } };
    case 'loggedModel':
      return { loggedModel: { id: owner.id } };
  }
}

/** Whether two owners are one. */
export function isSame(one: FileOwner, other: FileOwner): boolean {
  return one.kind === other.kind && one.id === other.id;
}
