import { useNavigate } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { useSending } from '../../api';
import { ExperimentCreateDocument, ExperimentUpdateDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Dialog, Field, TextInput } from '../../ui';

interface Props {
  readonly project: string;
  /** The one that is renamed; none: a new one. */
  readonly experiment?: { readonly id: string; readonly name: string };
  readonly onClose: () => void;
}

/** Create or rename an experiment. */
export function ExperimentDialog({ project, experiment, onClose }: Props) {
  const t = useT();
  const go = useNavigate();
  const form = useId();
  const [name, setName] = useState(experiment?.name ?? '');
  const create = useSending(ExperimentCreateDocument);
  const rename = useSending(ExperimentUpdateDocument);
  const { isBusy, errorAt, otherErrors, failure } = experiment ? rename : create;
  const save = async () => {
    if (experiment) {
      if ((await rename.send({ input: { experiment: { id: experiment.id }, name } })) !== null) onClose();
      return;
    }
    const made = (await create.send({ input: { project: { path: project }, name } }))?.experimentCreate.experiment;
    if (!made) return;
    onClose();
    void go({ to: '/p/$project/experiments/$number', params: { project, number: String(made.number) } });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={t(experiment ? 'experiments.rename_title' : 'experiments.create_title')}
      footer={
        <>
          <Button variant="quiet" onClick={onClose}>
            {t('experiments.cancel')}
          </Button>
          <Button variant="primary" type="submit" form={form} busy={isBusy} disabled={name.trim() === ''}>
            {t(experiment ? 'experiments.rename' : 'experiments.create')}
          </Button>
        </>
      }
    >
      <form
        id={form}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label={t('experiments.name')} error={errorAt('name') ?? otherErrors(['name'])[0] ?? failure?.message} required>
          <TextInput value={name} onChange={(event) => setName(event.currentTarget.value)} />
        </Field>
      </form>
    </Dialog>
  );
}
