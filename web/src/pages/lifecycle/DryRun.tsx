import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { query, type DataOf } from '../../api';
import { GatesTriedDocument, ModelNamesDocument, type GateInput } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Chip, Field, Loaded, Select, Table, type Column } from '../../ui';
import styles from './GatesEditor.module.css';

interface Props {
  readonly project: string;
  readonly stage: string;
  /** Gates that are not set yet; null tries those in force. */
  readonly gates: GateInput[] | null;
}

type Tried = NonNullable<DataOf<typeof GatesTriedDocument>['gatesDryRun']>['versions'][number];

/** Which of a model's last versions the gates would let in. */
export function DryRun({ project, stage, gates }: Props) {
  const t = useT();
  const models = useQuery(query(ModelNamesDocument, { project }));
  const [model, setModel] = useState<string | null>(null);
  const [asked, setAsked] = useState<{ readonly model: string; readonly gates: GateInput[] | null } | null>(null);
  const names = models.data?.project?.models.nodes.map(({ id, name }) => ({ value: id, label: name })) ?? [];
  const chosen = model ?? names[0]?.value ?? '';
  return (
    <section className={styles.editor} aria-label={t('lifecycle.dry_run')}>
      <h3>{t('lifecycle.dry_run')}</h3>
      <p className={styles.quiet}>{t('lifecycle.dry_run_about')}</p>
      <Field label={t('lifecycle.model')}>
        <Select items={names} value={chosen} onChange={setModel} />
      </Field>
      <div>
        <Button variant="secondary" disabled={chosen === ''} onClick={() => setAsked({ model: chosen, gates })}>
          {t('lifecycle.try')}
        </Button>
      </div>
      {asked && <Results stage={stage} model={asked.model} gates={asked.gates} />}
    </section>
  );
}

function Results({ stage, model, gates }: { readonly stage: string; readonly model: string; readonly gates: GateInput[] | null }) {
  const t = useT();
  const tried = useQuery(query(GatesTriedDocument, { input: { model: { id: model }, stage, count: 20, gates } }));
  const columns: readonly Column<Tried>[] = [
    { id: 'version', header: t('lifecycle.version'), cell: ({ modelVersion }) => modelVersion.version },
    {
      id: 'verdict',
      header: t('lifecycle.verdict'),
      cell: ({ isAdmitted }) => (
        <Chip tone={isAdmitted ? 'good' : 'bad'}>{isAdmitted ? t('lifecycle.admitted') : t('lifecycle.kept_out')}</Chip>
      ),
    },
    {
      id: 'why',
      header: t('lifecycle.why'),
      cell: ({ verdicts }) =>
        verdicts
          .filter(({ outcome }) => outcome !== 'PASSED')
          .map(({ explanation }) => explanation.replaceAll('`', ''))
          .join(' '),
    },
  ];
  return (
    <Loaded query={tried}>
      {({ gatesDryRun }) => (
        <>
          <p>{t('lifecycle.admitted_of', { admitted: gatesDryRun?.admittedCount ?? 0, count: gatesDryRun?.versions.length ?? 0 })}</p>
          <Table
            caption={t('lifecycle.dry_run')}
            columns={columns}
            rows={gatesDryRun?.versions ?? []}
            rowKey={({ modelVersion }) => modelVersion.id}
          />
        </>
      )}
    </Loaded>
  );
}
