import { useT } from '../../../i18n';
import { Card, Chip, CodeBlock, Digest, Empty } from '../../../ui';
import { Facts } from './Facts';
import type { CandidateDetails } from './types';
import styles from './candidate.module.css';

/** JSON as people read it; other texts as they are. */
function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The data sets that a candidate read. */
export function DatasetsTab({ candidate: { datasets } }: { readonly candidate: CandidateDetails }) {
  const t = useT();
  if (datasets.length === 0) return <Empty title={t('candidates.no_datasets')}>{t('candidates.no_datasets_text')}</Empty>;
  return (
    <div className={styles.stack}>
      {datasets.map((dataset) => (
        <Card key={`${dataset.name} ${dataset.digest}`}>
          <h3 className={styles.heading}>
            {dataset.name} {dataset.tags.map(({ key, value }) => <Chip key={key} title={key}>{value}</Chip>)}
          </h3>
          <Facts
            facts={[
              { label: t('candidates.digest'), value: <Digest value={dataset.digest} /> },
              { label: t('candidates.source_type'), value: dataset.sourceType },
              { label: t('candidates.source'), value: dataset.source },
            ]}
          />
          {dataset.schema !== null && (
            <details>
              <summary>{t('candidates.schema')}</summary>
              <CodeBlock language="json" text={indented(dataset.schema)} />
            </details>
          )}
          {dataset.profile !== null && (
            <details>
              <summary>{t('candidates.profile')}</summary>
              <CodeBlock language="json" text={indented(dataset.profile)} />
            </details>
          )}
        </Card>
      ))}
    </div>
  );
}
