import { Files } from '../../artifacts';
import type { CandidateDetails } from './types';

/** The files of a candidate. */
export function ArtifactsTab({ candidate }: { readonly candidate: CandidateDetails }) {
  return <Files owner={{ kind: 'candidate', id: candidate.id }} />;
}
