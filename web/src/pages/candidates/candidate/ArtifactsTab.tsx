import { Files } from '../../artifacts/Files';
import type { CandidateDetails } from './types';

interface Props {
  readonly candidate: CandidateDetails;
  /** The path of the file that is looked at. */
  readonly file: string | undefined;
  readonly onFile: (path: string | undefined) => void;
}

/** The files of a candidate. */
export function ArtifactsTab({ candidate: { id, name, viewerCanUpdate, deletedAt }, file, onFile }: Props) {
  return <Files owner={{ kind: 'candidate', id }} canWrite={viewerCanUpdate && deletedAt === null} file={file} onFile={onFile} name={name} />;
}
