import { useLocation, useSearch } from '@tanstack/react-router';
import { readFragment, resolveMlflow } from './mlflow';
import { Resolved } from './Resolved';

/** An address that MLflow's client has printed. */
export function MlflowLinkPage() {
  const { project } = useSearch({ from: '/-/mlflow' });
  const { hash } = useLocation();
  const thing = readFragment(hash);
  return <Resolved name={['mlflow', project, hash]} resolve={async () => (thing === null ? [] : resolveMlflow(thing, project))} />;
}
