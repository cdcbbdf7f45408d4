import { useState } from 'react';
import { useSending } from '../../api';
import { GatesSetDocument, type GateInput } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Card, Checkbox, Field, Menu, TextInput, Time, toast } from '../../ui';
import { DryRun } from './DryRun';
import { FormErrors } from './FormErrors';
import { defaultsOf, fieldsOf, type GateConfig } from './gate_config';
import { GateFields } from './GateFields';
import type { Stage, StagesData } from './StagesPage';
import styles from './GatesEditor.module.css';

interface Draft {
  /** Tells drafts apart while their order and names change. */
  readonly key: number;
  readonly kind: string;
  readonly name: string;
  readonly isRequired: boolean;
  readonly config: GateConfig;
}

interface Props {
  readonly project: string;
  readonly stage: Stage;
  readonly kinds: StagesData['gateKinds'];
}

/** The gates of a stage: changed as a whole, tried on the last versions before they are set. */
export function GatesEditor({ project, stage, kinds }: Props) {
  const t = useT();
  const [drafts, setDrafts] = useState<readonly Draft[]>(() => draftsOf(stage));
  const [note, setNote] = useState('');
  const setting = useSending(GatesSetDocument, ['Stages', 'StageNames', 'PromotionChecked']);
  const canEdit = stage.viewerCanUpdate;

  function change(key: number, part: Partial<Draft>) {
    setDrafts((all) => all.map((one) => (one.key === key ? { ...one, ...part } : one)));
  }

  function add(kind: StagesData['gateKinds'][number]) {
    const key = Math.max(-1, ...drafts.map((one) => one.key)) + 1;
    setDrafts([...drafts, { key, kind: kind.name, name: '', isRequired: true, config: defaultsOf(kind.schema) }]);
  }

  async function save() {
    const expectedNumber = stage.gateSet?.number ?? 0;
    const input = { project: { path: project }, stage: stage.name, gates: inputsOf(drafts), expectedNumber, note };
    if ((await setting.send({ input })) !== null) toast({ title: t('lifecycle.gates_set'), tone: 'good' });
  }

  return (
    <div className={styles.editor}>
      {stage.gateSet && (
        <p className={styles.quiet}>
          {t('lifecycle.gate_set', { number: stage.gateSet.number, who: stage.gateSet.createdBy?.name ?? '—' })} ·{' '}
          <Time at={stage.gateSet.createdAt} /> {stage.gateSet.note}
        </p>
      )}
      {drafts.length === 0 && <p className={styles.quiet}>{t('lifecycle.no_gates')}</p>}
      {drafts.map((draft, index) => (
        <Card key={draft.key}>
          <fieldset className={styles.gate} disabled={!canEdit}>
            <legend className={styles.kind}>{draft.kind}</legend>
            <p className={styles.quiet}>{firstLine(kinds.find(({ name }) => name === draft.kind)?.description ?? '')}</p>
            <div className={styles.fields}>
              <Field label={t('lifecycle.name')} hint={t('lifecycle.gate_name_hint')}>
                <TextInput value={draft.name} onChange={(event) => change(draft.key, { name: event.target.value })} />
              </Field>
              <GateFields
                fields={fieldsOf(kinds.find(({ name }) => name === draft.kind)?.schema ?? {})}
                config={draft.config}
                onChange={(config) => change(draft.key, { config })}
              />
              <Checkbox
                checked={draft.isRequired}
                onChange={(isRequired) => change(draft.key, { isRequired })}
                label={t('lifecycle.keeps_out')}
              />
            </div>
            {setting.errorAt(`gates.${index}`) && (
              <p role="alert" className={styles.error}>
                {setting.errorAt(`gates.${index}`)}
              </p>
            )}
            {canEdit && (
              <Button
                size="s"
                variant="quiet"
                onClick={() => setDrafts(drafts.filter(({ key }) => key !== draft.key))}
              >
                {t('lifecycle.remove')}
              </Button>
            )}
          </fieldset>
        </Card>
      ))}
      {canEdit && (
        <>
          <div>
            <Menu
              trigger={<Button variant="secondary">{t('lifecycle.add_gate')}</Button>}
              items={kinds.map((kind) => ({ label: kind.name, onSelect: () => add(kind) }))}
            />
          </div>
          <Field label={t('lifecycle.note')} hint={t('lifecycle.note_hint')} error={setting.errorAt('note')}>
            <TextInput value={note} onChange={(event) => setNote(event.target.value)} />
          </Field>
          <FormErrors sending={setting} shown={['note', ...drafts.map((_, index) => `gates.${index}`)]} />
          <div>
            <Button variant="primary" busy={setting.isBusy} onClick={() => void save()}>
              {t('lifecycle.set_gates')}
            </Button>
          </div>
        </>
      )}
      <DryRun project={project} stage={stage.name} gates={canEdit ? inputsOf(drafts) : null} />
    </div>
  );
}

function draftsOf(stage: Stage): Draft[] {
  return (stage.gateSet?.gates ?? []).map(({ kind, name, isRequired, config }, key) => ({
    key,
    kind,
    name,
    isRequired,
    config: config as GateConfig,
  }));
}

function inputsOf(drafts: readonly Draft[]): GateInput[] {
  return drafts.map(({ kind, name, isRequired, config }) => ({ kind, name: name || null, isRequired, config }));
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replaceAll('``', '');
}
