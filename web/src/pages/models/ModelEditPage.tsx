import { useParams } from '@tanstack/react-router';

/** Change a model. */
export function ModelEditPage() {
  const { model } = useParams({ from: '/p/$project/models/$model/edit' });
  return <h1>{model}</h1>;
}
