import { execute, globalId, type VariablesOf } from '../../api';
import {
  LinkedThingsDocument,
  ModelsByNameDocument,
  ModelVersionOfNumberDocument,
  OwnLinkedThingsDocument,
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

/** Of more projects only the first are looked through. */
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

interface ProjectsPage {
  readonly nodes: readonly NumberedProject[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** Every project that may be seen. */
export function allProjects(): Promise<readonly NumberedProject[]> {
  return projectsOf(async (after) => (await execute(LinkedThingsDocument, { after })).projects);
}

/** The projects that one is a member of; none for visitors. */
export function ownProjects(): Promise<readonly NumberedProject[]> {
  return projectsOf(async (after) => (await execute(OwnLinkedThingsDocument, { after })).viewer?.projects ?? null);
}

async function projectsOf(read: (after: string | null) => Promise<ProjectsPage | null>): Promise<readonly NumberedProject[]> {
  const projects: NumberedProject[] = [];
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await read(after);
    if (answer === null) break;
    projects.push(...answer.nodes);
    after = answer.pageInfo.endCursor;
    if (!answer.pageInfo.hasNextPage) break;
  }
  return projects;
}

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
    const { nodes, pageInfo }: Awaited<ReturnType<typeof readModels>>['projects'] = (await readModels(name, after)).projects;
    for (const { fullPath, models } of nodes) {
      if (models.nodes.some((model) => model.name === name)) found.push({ kind: 'model', project: fullPath, model: name });
    }
    after = pageInfo.endCursor;
    if (!pageInfo.hasNextPage) break;
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
