import { useParams } from '@tanstack/react-router';

/** Change a version. */
export function VersionEditPage() {
  const { version } = useParams({ from: '/p/$project/models/$model/versions/$version/edit' });
  return <h1>{version}</h1>;
}
