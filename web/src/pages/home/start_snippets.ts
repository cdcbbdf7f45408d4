/** What a snippet is about. */
export interface Start {
  /** The address of the installation, without a slash at its end. */
  readonly url: string;
  readonly project: { readonly fullPath: string; readonly number: string | number };
  /** Null: a placeholder stands for it. */
  readonly token: string | null;
}

/** What stands for a token that was not made yet. */
export const TOKEN_PLACEHOLDER = 'myt_…';

/** How a project is filled: by MLflow's client, the command line, GraphQL, and with a model of Hugging Face. */
export function startSnippets({ url, project, token }: Start) {
  const secret = token ?? TOKEN_PLACEHOLDER;
  const environment = [
    `export MODELYARD_URL=${url}`,
    `export MODELYARD_TOKEN=${secret}`,
    `export MODELYARD_PROJECT=${project.fullPath}`,
  ].join('\n');
  return [
    { label: 'MLflow', language: 'python', text: mlflow(url, project.number, secret) },
    { label: 'CLI', language: 'shell', text: `pip install modelyard-client\n${environment}\nmodelyard push my-model ./model` },
    { label: 'GraphQL', language: 'shell', text: graphql(url, project.fullPath, secret) },
    {
      label: 'Hugging Face',
      language: 'shell',
      text: `hf download distilbert/distilbert-base-uncased --local-dir model\n${environment}\nmodelyard push distilbert ./model`,
    },
  ];
}

function mlflow(url: string, number: string | number, secret: string): string {
  return `import os
import mlflow

os.environ["MLFLOW_TRACKING_URI"] = "${url}/api/v4/projects/${number}/ml/mlflow"
os.environ["MLFLOW_TRACKING_TOKEN"] = "${secret}"

mlflow.set_experiment("first")
with mlflow.start_run():
    mlflow.log_param("rate", 0.1)
    mlflow.log_metric("accuracy", 0.93)`;
}

function graphql(url: string, path: string, secret: string): string {
  const query = `mutation { modelCreate(input: {project: {path: \\"${path}\\"}, name: \\"my-model\\"}) { model { id } userErrors { message } } }`;
  return `curl ${url}/graphql \\
  -H "Authorization: Bearer ${secret}" \\
  -H "Content-Type: application/json" \\
  -d '{"query": "${query}"}'`;
}
