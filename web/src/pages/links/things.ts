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

/** A page of a list, as the server answers it. */
interface Page<Row> {
  readonly nodes: readonly Row[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** The rows of the first pages of a list. */
async function rowsOf<Row>(read: (after: string | null) => Promise<Page<Row> | null>): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let after: string | null = null;
  for (let count = 0; count < MOST_PAGES; count += 1) {
    const page: Page<Row> | null = await read(after);
    rows.push(...(page?.nodes ?? []));
    if (!page?.pageInfo.hasNextPage) break;
    after = page.pageInfo.endCursor;
  }
  return rows;
}

/** The projects that may be seen. */
export const allProjects = () => rowsOf(async (after) => (await execute(LinkedThingsDocument, { after })).projects);

/** The candidates of this UUID in all projects: one, or none. */
export async function candidatesOf(uuid: string): Promise<readonly Target[]> {
  const { search } = await execute(CandidateByUuidDocument, { uuid });
  return (search?.nodes ?? []).flatMap((one): Target[] =>
    one.__typename === 'Candidate' && one.project ? [{ kind: 'candidate', project: one.project.fullPath, uuid: one.uuid }] : [],
  );
}

/** The experiments of this number in all projects: each project numbers its own. */
export async function experimentsOf(number: string): Promise<readonly Target[]> {
  const rows = await rowsOf(async (after) => (await execute(ExperimentsByNumberDocument, { number: `#${number}`, after })).search);
  return rows.flatMap((one): Target[] =>
    one.__typename === 'Experiment' && one.project ? [{ kind: 'experiment', project: one.project.fullPath, number: String(one.number) }] : [],
  );
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
  const rows = await rowsOf(async (after) => (await execute(ModelsByNameDocument, { name, after })).search);
  return rows.flatMap((one): Target[] =>
    one.__typename === 'Model' && one.name === name && one.project ? [{ kind: 'model', project: one.project.fullPath, model: name }] : [],
  );
}

/** The version that a number or a SemVer means in a model; the model itself where there is no such version. */
export async function versionOf(project: string, model: string, reference: string): Promise<Target | null> {
  const meant = /^\d+$/.test(reference) ? `#${reference}` : reference;
  const { modelVersion } = await execute(ModelVersionOfNumberDocument, { project, model, reference: meant });
  return modelVersion && { kind: 'version', project, model, version: modelVersion.version };
}

/** The id of a thing within a project. */
export const idIn = (type: string, project: number, key: string): string => globalId(type, project, key);
