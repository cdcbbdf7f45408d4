import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { query, useSending, type DataOf } from '../../api';
import { StageBeforeDocument, StageNamesDocument, StageRollbackDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Chip, Dialog, Field, Loaded, Select, Table, TextArea, Time, toast, type Column } from '../../ui';
import { BypassChoice } from './BypassChoice';
import { FormErrors } from './FormErrors';
import styles from './PromoteDialog.module.css';

interface Props {
  readonly project: string;
  readonly model: { readonly id: string; readonly name: string };
  readonly onClose: () => void;
}

type Assignment = NonNullable<DataOf<typeof StageBeforeDocument>['model']>['stageHistory']['nodes'][number];

/** Have a stage of a model stand for the version that it stood for before. */
export function RollbackDialog({ project, model, onClose }: Props) {
  const t = useT();
  const stages = useQuery(query(StageNamesDocument, { project }));
  return (
    <Dialog open onClose={onClose} title={`${t('lifecycle.roll_back')}: ${model.name}`} size="l">
      <Loaded query={stages}>
        {(data) => {
          const names = data.project?.stages.filter(({ retiredAt, isGuarded }) => !retiredAt && isGuarded) ?? [];
          return (
            <RollbackForm
              model={model.id}
              stages={names.map(({ name }) => name).reverse()}
              mayBypass={data.project?.viewerRole === 'MAINTAINER' || data.project?.viewerRole === 'OWNER'}
              onClose={onClose}
            />
          );
        }}
      </Loaded>
    </Dialog>
  );
}

interface FormProps {
  readonly model: string;
  /** Names, that of the last stage first: it is what has to go back in a hurry. */
  readonly stages: readonly string[];
  readonly mayBypass: boolean;
  readonly onClose: () => void;
}

function RollbackForm({ model, stages, mayBypass, onClose }: FormProps) {
  const t = useT();
  const [stage, setStage] = useState(stages[0] ?? '');
  const [reason, setReason] = useState('');
  const [bypass, setBypass] = useState<string | null>(null);
  const before = useQuery({ ...query(StageBeforeDocument, { model, stage }), enabled: stage !== '', staleTime: 0 });
  const rollback = useSending(StageRollbackDocument);

  async function send() {
    const sent = await rollback.send({ input: { model: { id: model }, stage, reason, bypassReason: bypass } });
    if (sent === null) return;
    const version = sent.stageRollback.modelVersion?.version ?? '—';
    toast({ title: t('lifecycle.rolled_back', { stage, version }), tone: 'good' });
    onClose();
  }

  const columns: readonly Column<Assignment>[] = [
    {
      id: 'version',
      header: t('lifecycle.version'),
      cell: ({ version, endedAt }) => (
        <>
          {version} {endedAt === null && <Chip tone="good">{t('lifecycle.now')}</Chip>}
        </>
      ),
    },
    { id: 'since', header: t('lifecycle.since'), cell: ({ setAt }) => <Time at={setAt} /> },
    { id: 'until', header: t('lifecycle.until'), cell: ({ endedAt }) => endedAt && <Time at={endedAt} /> },
    { id: 'by', header: t('lifecycle.by'), cell: ({ setByName }) => setByName, hideOnPhone: true },
    { id: 'reason', header: t('lifecycle.reason'), cell: ({ setReason: why }) => why, hideOnPhone: true },
  ];

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <p className={styles.holder}>{t('lifecycle.roll_back_about')}</p>
      <Field label={t('lifecycle.stage')} error={rollback.errorAt('stage')}>
        <Select items={stages.map((name) => ({ value: name, label: name }))} value={stage} onChange={setStage} />
      </Field>
      <Loaded query={before}>
        {(data) => (
          <Table
            caption={t('lifecycle.history')}
            columns={columns}
            rows={data.model?.stageHistory.nodes ?? []}
            rowKey={({ number, setAt }) => `${number} ${setAt}`}
            empty={<p className={styles.holder}>{t('lifecycle.nothing_before')}</p>}
          />
        )}
      </Loaded>
      <Field label={t('lifecycle.reason')} hint={t('lifecycle.reason_hint')} error={rollback.errorAt('reason')}>
        <TextArea value={reason} onChange={(event) => setReason(event.target.value)} rows={2} />
      </Field>
      {/* Which rules fail is known once it was tried. */}
      {mayBypass && (rollback.errors.length > 0 || bypass !== null) && (
        <BypassChoice reason={bypass} onReason={setBypass} error={rollback.errorAt('bypassReason')} />
      )}
      <FormErrors sending={rollback} shown={['stage', 'reason', 'bypassReason']} />
      <div className={styles.actions}>
        <Button variant="quiet" onClick={onClose}>
          {t('lifecycle.cancel')}
        </Button>
        <Button
          variant={bypass === null ? 'primary' : 'danger'}
          type="submit"
          busy={rollback.isBusy}
          disabled={bypass?.trim() === ''}
        >
          {t('lifecycle.back')}
        </Button>
      </div>
    </form>
  );
}
