import { idIn, projectOf, thingsOf, versionOf, type Target } from './things';

const isNumber = (text: string) => /^\d{1,15}$/.test(text);
const isUuid = (text: string) => /^[0-9a-f-]{32,36}$/i.test(text);

/**
 * The page that an address of GitLab's pages means, by what stands behind `/-/ml/`.
 *
 * Numbers are those of this installation: of experiments their own, of models and versions those in their ids. Names,
 * versions and UUIDs are understood in their stead.
 */
export async function resolveGitLab(path: string, splat: string): Promise<readonly Target[]> {
  const project = await projectOf(path);
  if (project === null) return [];
  const [kind, first, inner, second] = splat.split('/').filter(Boolean);
  const { fullPath, number } = project;
  if (kind === 'experiments') {
    if (first === undefined) return [{ kind: 'experiments', project: fullPath }];
    return isNumber(first) ? thingsOf([idIn('Experiment', number, first)]) : [];
  }
  if (kind === 'candidates') {
    return first !== undefined && isUuid(first) ? thingsOf([idIn('Candidate', number, first.replaceAll('-', '').toLowerCase())]) : [];
  }
  if (kind !== 'models') return [];
  if (first === undefined) return [{ kind: 'models', project: fullPath }];
  if (inner === 'versions' && second !== undefined) return version(fullPath, number, first, second);
  const byNumber = isNumber(first) ? await thingsOf([idIn('Model', number, first)]) : [];
  return byNumber.length > 0 ? byNumber : [{ kind: 'model', project: fullPath, model: first }];
}

async function version(project: string, number: number, model: string, reference: string): Promise<readonly Target[]> {
  const [byId] = isNumber(reference) ? await thingsOf([idIn('ModelVersion', number, reference)]) : [];
  if (byId) return [byId];
  const [named] = isNumber(model) ? await thingsOf([idIn('Model', number, model)]) : [];
  const found = await versionOf(project, named?.kind === 'model' ? named.model : model, reference);
  return found === null ? [] : [found];
}
