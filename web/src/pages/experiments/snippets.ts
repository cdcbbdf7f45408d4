/** How a first candidate is logged to a project, by client. */
export function trackingSnippets(project: string): { readonly label: string; readonly language: string; readonly text: string }[] {
  const { origin } = window.location;
  return [
    {
      label: 'MLflow',
      language: 'python',
      text: [
        'import os, mlflow',
        `os.environ["MLFLOW_TRACKING_URI"] = "${origin}/api/v4/projects/${encodeURIComponent(project)}/ml/mlflow"`,
        'os.environ["MLFLOW_TRACKING_TOKEN"] = "…"',
        'mlflow.set_experiment("first")',
        'with mlflow.start_run():',
        '    mlflow.log_param("depth", 5)',
        '    mlflow.log_metric("accuracy", 0.9)',
      ].join('\n'),
    },
    {
      label: 'GraphQL',
      language: 'graphql',
      text: [
        'mutation {',
        `  experimentCreate(input: {project: {path: "${project}"}, name: "first"}) {`,
        '    experiment { id number }',
        '    userErrors { code message field }',
        '  }',
        '}',
      ].join('\n'),
    },
  ];
}
