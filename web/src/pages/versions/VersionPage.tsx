import { useParams } from '@tanstack/react-router';

/** One version of a model. */
export function VersionPage() {
  const { version } = useParams({ from: '/p/$project/models/$model/versions/$version' });
  return <h1>{version}</h1>;
}
