import { execute, globalId, type VariablesOf } from '../../api';
import {
  CandidateByUuidDocument,
  ExperimentsByNumberDocument,
  LinkedThingsDocument,
  ModelsByNameDocument,
  ModelVersionOfNumberDocument,
  ProjectOfReferenceDocument,
  ThingsByIdsDocument,
} from '../../api/operations';

/** A page of ours that a foreign address means. */
export type Target =
  | { readonly kind: 'experiments'; readonly project: string }
  | { readonly kind: 'experiment'; readonly project: string; readonly number: string }
  | { readonly kind: 'candidate'; readonly project: string; readonly uuid: string }
  | { readonly kind: 'models'; readonly project: string }
  | { readonly kind: 'model'; readonly project: string; readonly model: string }
  | { readonly kind: 'version'; readonly project: string; readonly model: string; readonly version: string };

/** Of what is found in more projects only the first are shown. */
const MOST_PAGES = 5;
const PAGE = 100;

type Lookup = VariablesOf<typeof ProjectOfReferenceDocument>['by'];

/** The project that a number or a path means; null where there is none to be seen. */
export async function projectOf(reference: string) {
  const by: Lookup = /^\d{1,15}$/.test(reference) ? { number: Number(reference) } : { path: reference };
  return (await execute(ProjectOfReferenceDocument, { by })).project;
}

interface NumberedProject {
  readonly number: number;
  readonly fullPath: string;
}

/** The projects that may be seen. */
export async function allProjects(): Promise<readonly NumberedProject[]> {
  const projects: NumberedProject[] = [];
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { nodes, pageInfo }: Awaited<ReturnType<typeof readProjects>>['projects'] = (await readProjects(after)).projects;
    projects.push(...nodes);
    after = pageInfo.endCursor;
    if (!pageInfo.hasNextPage) break;
  }
  return projects;
}

const readProjects = (after: string | null) => execute(LinkedThingsDocument, { after });

/** The candidates of this UUID in all projects: one, or none. */
export async function candidatesOf(uuid: string): Promise<readonly Target[]> {
  const { search } = await execute(CandidateByUuidDocument, { uuid });
  return (search?.nodes ?? []).flatMap((one): Target[] =>
    one.__typename === 'Candidate' && one.project ? [{ kind: 'candidate', project: one.project.fullPath, uuid: one.uuid }] : [],
  );
}

/** The experiments of this number in all projects: each project numbers its own. */
export async function experimentsOf(number: string): Promise<readonly Target[]> {
  const found: Target[] = [];
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { search }: Awaited<ReturnType<typeof readExperiments>> = await readExperiments(number, after);
    for (const one of search?.nodes ?? []) {
      if (one.__typename !== 'Experiment' || !one.project) continue;
      found.push({ kind: 'experiment', project: one.project.fullPath, number: String(one.number) });
    }
    if (!search?.pageInfo.hasNextPage) break;
    after = search.pageInfo.endCursor;
  }
  return found;
}

const readExperiments = (number: string, after: string | null) => execute(ExperimentsByNumberDocument, { number: `#${number}`, after });

/** What is there of these ids. */
export async function thingsOf(ids: readonly string[]): Promise<readonly Target[]> {
  const found: Target[] = [];
  for (let at = 0; at < ids.length; at += PAGE) {
    const { nodes } = await execute(ThingsByIdsDocument, { ids: ids.slice(at, at + PAGE) });
    found.push(...nodes.map(targetOf).filter((target) => target !== null));
  }
  return found;
}

type Thing = NonNullable<Awaited<ReturnType<typeof readThings>>['nodes'][number]>;
const readThings = (ids: string[]) => execute(ThingsByIdsDocument, { ids });

function targetOf(thing: Thing | null): Target | null {
  switch (thing?.__typename) {
    case 'Candidate':
      return thing.project && { kind: 'candidate', project: thing.project.fullPath, uuid: thing.uuid };
    case 'Experiment':
      return thing.project && { kind: 'experiment', project: thing.project.fullPath, number: String(thing.number) };
    case 'Model':
      return thing.project && { kind: 'model', project: thing.project.fullPath, model: thing.name };
    case 'ModelVersion':
      return thing.model?.project ? { kind: 'version', project: thing.model.project.fullPath, model: thing.model.name, version: thing.version } : null;
    default:
      return null;
  }
}

/** The models of this name in all projects. */
export async function modelsOfName(name: string): Promise<readonly Target[]> {
  const found: Target[] = [];
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { search }: Awaited<ReturnType<typeof readModels>> = await readModels(name, after);
    for (const one of search?.nodes ?? []) {
      if (one.__typename !== 'Model' || one.name !== name || !one.project) continue;
      found.push({ kind: 'model', project: one.project.fullPath, model: name });
    }
    if (!search?.pageInfo.hasNextPage) break;
    after = search.pageInfo.endCursor;
  }
  return found;
}

const readModels = (name: string, after: string | null) => execute(ModelsByNameDocument, { name, after });

/** The version that a number or a SemVer means in a model; the model itself where there is no such version. */
export async function versionOf(project: string, model: string, reference: string): Promise<Target | null> {
  const meant = /^\d+$/.test(reference) ? `#${reference}` : reference;
  const { modelVersion } = await execute(ModelVersionOfNumberDocument, { project, model, reference: meant });
  return modelVersion && { kind: 'version', project, model, version: modelVersion.version };
}

/** The id of a thing within a project. */
export const idIn = (type: string, project: number, key: string): string => globalId(type, project, key);
