import { useT } from '../../../i18n';
import { factsOf, isRecord, type Json, type PreviewProps } from './details';
import { Grid } from './Grid';
import { JsonTree } from './JsonTree';
import styles from './Preview.module.css';

interface Props extends PreviewProps {
  /** Facts that are shown elsewhere. */
  readonly without?: readonly string[];
}

/** What the server has found in a file; of ONNX its inputs and outputs come first. */
export function FactsPreview({ file }: PreviewProps) {
  const facts = factsOf(file);
  const t = useT();
  return (
    <>
      {file.format === 'onnx' && <Values title={t('artifacts.inputs')} values={facts['inputs']} />}
      {file.format === 'onnx' && <Values title={t('artifacts.outputs')} values={facts['outputs']} />}
      <Facts file={file} without={file.format === 'onnx' ? ['inputs', 'outputs'] : []} />
    </>
  );
}

/** Facts by name: single values as a list, others to be opened. */
export function Facts({ file, without = [] }: Props) {
  const t = useT();
  const facts = Object.entries(factsOf(file)).filter(([name, value]) => !without.includes(name) && !isBlank(value));
  if (facts.length === 0) return <p className={styles.note}>{t(file.inspectedAt === null ? 'artifacts.not_inspected' : 'artifacts.no_facts')}</p>;
  const single = facts.filter(([, value]) => typeof value !== 'object');
  const others = facts.filter(([, value]) => typeof value === 'object');
  return (
    <div className={styles.facts}>
      <dl>
        {single.map(([name, value]) => (
          <div key={name}>
            <dt>{labelOf(name)}</dt>
            <dd>{typeof value === 'number' ? value.toLocaleString() : String(value)}</dd>
          </div>
        ))}
      </dl>
      {others.map(([name, value]) => (
        <JsonTree key={name} name={labelOf(name)} value={value} isOpen={isSmall(value)} />
      ))}
    </div>
  );
}

function Values({ title, values }: { readonly title: string; readonly values: Json | undefined }) {
  const t = useT();
  const rows = Array.isArray(values) ? values.filter(isRecord).map((value) => [text(value['name']), text(value['type']), text(value['shape'])]) : [];
  return <Grid columns={[t('artifacts.name'), t('artifacts.type'), t('artifacts.shape')]} rows={rows} caption={title} />;
}

function text(value: Json | undefined): string {
  if (Array.isArray(value)) return value.map((each) => each ?? '?').join(' × ');
  return value === null || value === undefined ? '' : String(value);
}

/** Names of facts are those of the files' formats, in one word. */
function labelOf(name: string): string {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function isBlank(value: Json): boolean {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
}

function isSmall(value: Json): boolean {
  return JSON.stringify(value).length < 300;
}
