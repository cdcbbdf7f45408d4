import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useSending } from '../../api';
import { ModelRestoreDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Dialog, Field, TextInput, toast } from '../../ui';
import { FormProblems } from './FormProblems';

/** Take a model out of the trash, under another name where its own was given away. */
export function RestoreModelDialog({
  model,
  onClose,
}: {
  readonly model: { readonly id: string; readonly name: string };
  readonly onClose: () => void;
}) {
  const t = useT();
  const navigate = useNavigate({ from: '/p/$project/models' });
  const [name, setName] = useState(model.name);
  const sending = useSending(ModelRestoreDocument, ['Models']);
  const restore = async (event: FormEvent) => {
    event.preventDefault();
    const done = await sending.send({ input: { model: { id: model.id }, name: name === model.name ? null : name } });
    if (!done) return;
    const restored = done.modelRestore.model?.name ?? name;
    toast({
      title: t('models.was_restored', { name: restored }),
      tone: 'good',
      action: {
        label: t('models.open'),
        onSelect: () => void navigate({ to: '/p/$project/models/$model', params: (old) => ({ ...old, model: restored }) }),
      },
    });
    onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('models.restore_title', { name: model.name })}
      footer={
        <>
          <Button onClick={onClose}>{t('models.cancel')}</Button>
          <Button variant="primary" type="submit" form="restore-model" busy={sending.isBusy}>
            {t('models.restore')}
          </Button>
        </>
      }
    >
      <form id="restore-model" onSubmit={(event) => void restore(event)}>
        <Field label={t('models.name')} hint={t('models.restore_hint')} error={sending.errorAt('name')} required>
          <TextInput value={name} onChange={(event) => setName(event.target.value)} maxLength={255} />
        </Field>
        <FormProblems sending={sending} fields={['name']} />
      </form>
    </Dialog>
  );
}
