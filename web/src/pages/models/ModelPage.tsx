import { useParams } from '@tanstack/react-router';

/** One model. */
export function ModelPage() {
  const { model } = useParams({ from: '/p/$project/models/$model' });
  return <h1>{model}</h1>;
}
