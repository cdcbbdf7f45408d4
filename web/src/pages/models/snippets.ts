import type { SnippetTab } from '../../ui';

/** A text between quotes, as Python and JSON both read it. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** A word of a shell's command line. */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The address of this installation. */
export function origin(): string {
  return window.location.origin;
}

/** Where MLflow's clients find a project: the tracking URI, as GitLab calls it. */
export function trackingUri(number: number): string {
  return `${origin()}/api/v4/projects/${number}/ml/mlflow`;
}

/** How the first model comes into a project. */
export function newModelSnippets(project: string, number: number): SnippetTab[] {
  const query =
    'mutation($input: ModelCreateInput!) { modelCreate(input: $input) { model { id } userErrors { field message } } }';
  const variables = { input: { project: { path: project }, name: 'my-model' } };
  return [
    {
      label: 'MLflow',
      language: 'python',
      text: [
        'import mlflow  # the token stands in MLFLOW_TRACKING_TOKEN',
        '',
        `mlflow.set_tracking_uri(${quoted(trackingUri(number))})`,
        'mlflow.sklearn.log_model(model, name="model", registered_model_name="my-model")',
      ].join('\n'),
    },
    {
      label: 'CLI',
      language: 'shell',
      text: [
        `modelyard login ${word(origin())} --project ${word(project)}`,
        'modelyard push my-model ./model --increment minor',
      ].join('\n'),
    },
    {
      label: 'GraphQL',
      language: 'shell',
      text: [
        `curl ${word(`${origin()}/graphql`)} -H "Authorization: Bearer $MODELYARD_TOKEN" \\`,
        `  -H 'Content-Type: application/json' -d ${word(JSON.stringify({ query, variables }))}`,
      ].join('\n'),
    },
  ];
}
