import { useNavigate, useSearch } from '@tanstack/react-router';
import { Files } from '../artifacts/Files';
import type { ShownVersion } from './VersionPage';

/** The files of a version; those of a sealed one stay as they are, and those elsewhere are not ours to change. */
export function FilesTab({ model, version }: { readonly model: string; readonly version: ShownVersion }) {
  const { file } = useSearch({ from: '/p/$project/models/$model/versions/$version' });
  const navigate = useNavigate({ from: '/p/$project/models/$model/versions/$version' });
  return (
    <Files
      owner={{ kind: 'modelVersion', id: version.id }}
      canWrite={version.viewerCanUpdate && version.sealedAt === null && version.location === ''}
      name={`${model}-${version.version}`}
      file={file}
      onFile={(path) => void navigate({ search: (old) => ({ ...old, file: path }), replace: true })}
    />
  );
}
