import { useState } from 'react';
import { useSending } from '../../api';
import { StageCreateDocument, StageRetireDocument, StageUpdateDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Checkbox, Dialog, Field, Select, TextInput } from '../../ui';
import { FormErrors } from './FormErrors';
import type { Stage } from './StagesPage';
import styles from './PromoteDialog.module.css';

interface Props {
  readonly project: string;
  /** The stage to change; null: a new one. */
  readonly stage: Stage | null;
  readonly onClose: () => void;
}

const MLFLOW_NAMES = ['', 'None', 'Staging', 'Production', 'Archived'];

export function StageDialog({ project, stage, onClose }: Props) {
  const t = useT();
  const [name, setName] = useState(stage?.name ?? '');
  const [description, setDescription] = useState(stage?.description ?? '');
  const [mlflowName, setMlflowName] = useState(stage?.mlflowName ?? '');
  const [isGuarded, setGuarded] = useState(stage?.isGuarded ?? true);
  const [isSealing, setSealing] = useState(stage?.isSealing ?? false);
  const create = useSending(StageCreateDocument, ['Stages', 'StageNames']);
  const update = useSending(StageUpdateDocument, ['Stages', 'StageNames']);
  const retire = useSending(StageRetireDocument, ['Stages', 'StageNames']);

  async function save() {
    const shared = { project: { path: project }, description, isGuarded, isSealing, mlflowName: mlflowName || null };
    const sent =
      stage === null
        ? await create.send({ input: { ...shared, name } })
        : await update.send({ input: { ...shared, name: stage.name, newName: name === stage.name ? null : name } });
    if (sent !== null) onClose();
  }

  async function end() {
    if (stage !== null && (await retire.send({ input: { project: { path: project }, name: stage.name } }))) onClose();
  }

  return (
    <Dialog open onClose={onClose} title={stage === null ? t('lifecycle.new_stage') : stage.name}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field
          label={t('lifecycle.name')}
          required
          error={create.errorAt('name') ?? update.errorAt('newName') ?? update.errorAt('name')}
        >
          <TextInput value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label={t('lifecycle.description')} error={create.errorAt('description') ?? update.errorAt('description')}>
          <TextInput value={description} onChange={(event) => setDescription(event.target.value)} />
        </Field>
        <Field
          label={t('lifecycle.mlflow_name')}
          hint={t('lifecycle.mlflow_name_hint')}
          error={create.errorAt('mlflowName') ?? update.errorAt('mlflowName')}
        >
          <Select
            items={MLFLOW_NAMES.map((value) => ({ value, label: value || '—' }))}
            value={mlflowName}
            onChange={setMlflowName}
          />
        </Field>
        <Checkbox checked={isGuarded} onChange={setGuarded} label={t('lifecycle.guarded_about')} />
        <Checkbox checked={isSealing} onChange={setSealing} label={t('lifecycle.sealing_about')} />
        <FormErrors sending={create} shown={['name', 'description', 'mlflowName']} />
        <FormErrors sending={update} shown={['name', 'newName', 'description', 'mlflowName']} />
        <FormErrors sending={retire} shown={[]} />
        <div className={styles.actions}>
          {stage !== null && !stage.isInitial && (
            <Button variant="danger" busy={retire.isBusy} onClick={() => void end()}>
              {t('lifecycle.retire')}
            </Button>
          )}
          <Button variant="quiet" onClick={onClose}>
            {t('lifecycle.cancel')}
          </Button>
          <Button variant="primary" type="submit" busy={create.isBusy || update.isBusy} disabled={name.trim() === ''}>
            {t('lifecycle.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
