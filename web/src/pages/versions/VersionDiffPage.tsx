import { useParams } from '@tanstack/react-router';

/** What differs between two versions. */
export function VersionDiffPage() {
  const { version } = useParams({ from: '/p/$project/models/$model/versions/$version/diff' });
  return <h1>{version}</h1>;
}
