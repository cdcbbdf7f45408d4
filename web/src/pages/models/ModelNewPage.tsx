import { useParams } from '@tanstack/react-router';

/** A new model. */
export function ModelNewPage() {
  const { project } = useParams({ from: '/p/$project/new-model' });
  return <h1>{project}</h1>;
}
