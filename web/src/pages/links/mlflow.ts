import { allProjects, candidatesOf, experimentsOf, idIn, modelsOfName, projectOf, thingsOf, versionOf, type Target } from './things';

/** What an address of MLflow's pages names, without the project. */
export type MlflowThing =
  | { readonly kind: 'experiments' }
  | { readonly kind: 'models' }
  | { readonly kind: 'experiment'; readonly number: string }
  | { readonly kind: 'candidate'; readonly uuid: string }
  | { readonly kind: 'model'; readonly name: string; readonly version: string | null };

/** Read what stands behind the `#` of an address of MLflow's pages; null for anything else. */
export function readFragment(fragment: string): MlflowThing | null {
  const [path = ''] = fragment.replace(/^#/, '').split('?');
  const parts = path.split('/').filter(Boolean).map(decoded);
  const [first, second, third, fourth] = parts;
  if (first === 'experiments') {
    if (second === undefined) return { kind: 'experiments' };
    if (third === 'runs' && fourth !== undefined && /^[0-9a-f-]{32,36}$/i.test(fourth)) return { kind: 'candidate', uuid: fourth.replaceAll('-', '').toLowerCase() };
    return /^\d{1,15}$/.test(second) ? { kind: 'experiment', number: second } : null;
  }
  if (first !== 'models') return null;
  if (second === undefined) return { kind: 'models' };
  return { kind: 'model', name: second, version: third === 'versions' ? (fourth ?? null) : null };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A stray percent sign is one.
    return part;
  }
}

/** The pages that it may mean: one in the project that is named, else one in each project where there is such a thing. */
export async function resolveMlflow(thing: MlflowThing, reference: string | undefined): Promise<readonly Target[]> {
  const project = reference === undefined ? null : await projectOf(reference);
  if (reference !== undefined && project === null) return [];
  if (project === null && thing.kind === 'candidate') return candidatesOf(thing.uuid);
  if (project === null && thing.kind === 'experiment') return experimentsOf(thing.number);
  const projects = project ? [project] : thing.kind === 'model' ? [] : await allProjects();
  switch (thing.kind) {
    case 'experiments':
    case 'models':
      return projects.map(({ fullPath }) => ({ kind: thing.kind, project: fullPath }));
    case 'experiment':
      return thingsOf(projects.map(({ number }) => idIn('Experiment', number, thing.number)));
    case 'candidate':
      return thingsOf(projects.map(({ number }) => idIn('Candidate', number, thing.uuid)));
    case 'model': {
      const models: readonly Target[] = project ? [{ kind: 'model', project: project.fullPath, model: thing.name }] : await modelsOfName(thing.name);
      const { version } = thing;
      if (version === null) return models;
      const versions = await Promise.all(models.map((one) => versionOf(one.project, thing.name, version)));
      return versions.filter((one) => one !== null);
    }
  }
}
