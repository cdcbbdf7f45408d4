import type { SnippetTab } from '../../ui';
import { origin, quoted, trackingUri, word } from '../models/snippets';

/** Which model of which project. */
export interface SnippetModel {
  readonly project: string;
  readonly number: number;
  readonly model: string;
}

/** How a version comes into a model. */
export function newVersionSnippets({ project, number, model }: SnippetModel): SnippetTab[] {
  const query =
    'mutation($input: ModelVersionCreateInput!) { modelVersionCreate(input: $input) { modelVersion { id version } userErrors { field message } } }';
  const variables = { input: { model: { path: { project, name: model } }, increment: 'MINOR' } };
  return [
    {
      label: 'MLflow',
      language: 'python',
      text: [
        'import mlflow  # the token stands in MLFLOW_TRACKING_TOKEN',
        '',
        `mlflow.set_tracking_uri(${quoted(trackingUri(number))})`,
        `mlflow.sklearn.log_model(model, name="model", registered_model_name=${quoted(model)})`,
      ].join('\n'),
    },
    { label: 'CLI', language: 'shell', text: `modelyard push ${word(model)} ./model --increment minor --project ${word(project)}` },
    { label: 'GraphQL', language: 'shell', text: posted(query, variables) },
  ];
}

/** How a version is used. */
export function usageSnippets(
  { project, number, model }: SnippetModel,
  { id, version, firstFile, isPublic }: {
    readonly id: string;
    readonly version: string;
    readonly firstFile: string | null;
    readonly isPublic: boolean;
  },
): SnippetTab[] {
  const base = `${origin()}/api/v4/projects/${number}`;
  const token = isPublic ? '' : '-H "Authorization: Bearer $MODELYARD_TOKEN" ';
  const file = firstFile ?? 'MLmodel';
  const query =
    'query($by: ModelVersionLookup!) { modelVersion(by: $by) { version stage artifacts(first: 100) { nodes { path size sha256 downloadUrl } } } }';
  const variables = { by: { path: { project, model, reference: version } } };
  return [
    {
      label: 'MLflow',
      language: 'python',
      text: [
        'import mlflow  # the token stands in MLFLOW_TRACKING_TOKEN',
        '',
        `mlflow.set_tracking_uri(${quoted(trackingUri(number))})`,
        `model = mlflow.pyfunc.load_model(${quoted(`models:/${model}/${version}`)})`,
      ].join('\n'),
    },
    { label: 'CLI', language: 'shell', text: `modelyard pull ${pulled(model, version)} ./served --project ${word(project)}` },
    {
      label: 'curl',
      language: 'shell',
      text: [
        `curl --fail --location ${token}\\`,
        `  --output ${word(file.split('/').at(-1) ?? file)} \\`,
        `  ${word(`${base}/packages/ml_models/${numberIn(id)}/files/${file.split('/').map(encodeURIComponent).join('/')}`)}`,
      ].join('\n'),
    },
    { label: 'GraphQL', language: 'shell', text: posted(query, variables, !isPublic) },
  ];
}

/** The number of a thing that GitLab's paths name, from its id in GraphQL; docs/graphql.md. */
function numberIn(id: string): string {
  return atob(id.replaceAll('-', '+').replaceAll('_', '/')).split(':').at(-1) ?? '';
}

/** A model whose name has signs of references takes its reference apart; docs/command-line.md. */
function pulled(model: string, version: string): string {
  return /[@:#]/.test(model) ? `${word(model)} --reference ${word(version)}` : word(`${model}:${version}`);
}

function posted(query: string, variables: object, withToken = true): string {
  return [
    `curl ${word(`${origin()}/graphql`)} ${withToken ? '-H "Authorization: Bearer $MODELYARD_TOKEN" ' : ''}\\`,
    `  -H 'Content-Type: application/json' -d ${word(JSON.stringify({ query, variables }))}`,
  ].join('\n');
}
