import type { ShownVersion } from './VersionPage';

/** The files of a version. */
export function FilesTab({ project, version }: { readonly project: string; readonly version: ShownVersion }) {
  return <p>{`${project} ${version.version}`}</p>;
}
