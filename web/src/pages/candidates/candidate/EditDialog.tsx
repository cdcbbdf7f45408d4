import { useId, useState } from 'react';
import { useSending } from '../../../api';
import { CandidateUpdateDocument } from '../../../api/operations';
import { useT } from '../../../i18n';
import { Button, Dialog, Field, TextArea, TextInput } from '../../../ui';
import { NOTE_TAG, tagOf, type CandidateDetails } from './types';

/** Change what a candidate is called and how it is described. */
export function EditDialog({ candidate, onClose }: { readonly candidate: CandidateDetails; readonly onClose: () => void }) {
  const t = useT();
  const form = useId();
  const [name, setName] = useState(candidate.name);
  const [note, setNote] = useState(tagOf(candidate, NOTE_TAG) ?? '');
  const { send, isBusy, errorAt, otherErrors, failure } = useSending(CandidateUpdateDocument);
  const save = async () => {
    const tags = note === (tagOf(candidate, NOTE_TAG) ?? '') ? [] : [{ key: NOTE_TAG, value: note === '' ? null : note }];
    if ((await send({ input: { candidate: { id: candidate.id }, name, tags } })) !== null) onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('candidates.edit')}
      footer={
        <>
          <Button variant="quiet" onClick={onClose}>
            {t('candidates.cancel')}
          </Button>
          <Button variant="primary" type="submit" form={form} busy={isBusy} disabled={name.trim() === ''}>
            {t('candidates.save')}
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
        <Field label={t('candidates.attribute.name')} error={errorAt('name') ?? otherErrors(['name', 'tags'])[0] ?? failure?.message} required>
          <TextInput value={name} onChange={(event) => setName(event.currentTarget.value)} />
        </Field>
        <Field label={t('candidates.description')} error={errorAt('tags')}>
          <TextArea value={note} rows={8} onChange={(event) => setNote(event.currentTarget.value)} />
        </Field>
      </form>
    </Dialog>
  );
}
