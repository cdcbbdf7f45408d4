import { useParams } from '@tanstack/react-router';

/** A new version. */
export function VersionNewPage() {
  const { model } = useParams({ from: '/p/$project/models/$model/new-version' });
  return <h1>{model}</h1>;
}
