import { CodeBlock, Markdown, Section, Snippet } from '../../ui';

const HTML = `<h1>Weld defects</h1><p>Trained on <strong>12,000</strong> photographs, see <a href="https://example.com">the report</a>.
<code>mAP</code> of 0.91. 한국어 문장도 잘 보입니다.</p><ul><li>one</li><li>two</li></ul><pre><code>pip install modelyard</code></pre>
<blockquote><p>Not for people's faces.</p></blockquote><table><thead><tr><th>Set</th><th>mAP</th></tr></thead><tbody><tr><td>test</td><td>0.91</td></tr></tbody></table>
<p><img src="https://example.com/chart.png" alt="A chart elsewhere"></p>`;
const PYTHON = 'import mlflow\n\nmlflow.set_tracking_uri("http://localhost:8080/team/vision")\nwith mlflow.start_run():\n    mlflow.log_metric("loss", 0.12)\n';

export function KitTexts() {
  return (
    <>
      <Section title="Markdown">
        <Markdown html={HTML} />
      </Section>
      <Section title="Snippet">
        <Snippet
          title="Use this model"
          tabs={[
            { label: 'MLflow', language: 'python', text: PYTHON },
            { label: 'GraphQL', language: 'graphql', text: 'query {\n  viewer {\n    user {\n      name\n    }\n  }\n}' },
            { label: 'CLI', language: 'sh', text: 'modelyard download resnet@champion' },
            { label: 'Hugging Face', language: 'python', text: 'snapshot_download("team/resnet")' },
          ]}
        />
      </Section>
      <Section title="Code">
        <CodeBlock text={PYTHON} language="python" lineNumbers />
      </Section>
    </>
  );
}
