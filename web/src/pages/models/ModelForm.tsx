import { useState, type FormEvent } from 'react';
import type { Sending } from '../../api';
import { useT } from '../../i18n';
import { Button, Field, MarkdownEditor, TextInput } from '../../ui';
import type { ModelDraft } from './drafts';
import { FormProblems } from './FormProblems';
import styles from './models.module.css';
import { TagsEditor } from './TagsEditor';
import { useUnsaved } from './unsaved';

const FIELDS = ['name', 'description', 'tags'];

/** The fields of a model. What was typed stays whatever the server answers. */
export function ModelForm({
  start,
  submitLabel,
  sending,
  onSubmit,
  onCancel,
}: {
  readonly start: ModelDraft;
  readonly submitLabel: string;
  readonly sending: Pick<Sending<object, unknown>, 'errorAt' | 'otherErrors' | 'failure' | 'isBusy'>;
  readonly onSubmit: (draft: ModelDraft) => void;
  readonly onCancel: () => void;
}) {
  const t = useT();
  const [initial] = useState(start);
  const [draft, setDraft] = useState(initial);
  const leaving = useUnsaved(draft, draft !== initial);
  const set = (change: Partial<ModelDraft>) => setDraft((old) => ({ ...old, ...change }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    leaving.allow();
    onSubmit(draft);
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Field label={t('models.name')} hint={t('models.name_hint')} error={sending.errorAt('name')} required>
        <TextInput value={draft.name} onChange={(event) => set({ name: event.target.value })} maxLength={255} autoFocus={initial.name === ''} />
      </Field>
      <Field label={t('models.description')} hint={t('models.description_hint')} error={sending.errorAt('description')} required={false}>
        <MarkdownEditor name="description" rows={12} value={draft.description} onChange={(description) => set({ description })} />
      </Field>
      <TagsEditor tags={draft.tags} onChange={(tags) => set({ tags })} error={sending.errorAt('tags')} />
      <FormProblems sending={sending} fields={FIELDS} />
      <div className={styles.formActions}>
        <Button variant="primary" type="submit" busy={sending.isBusy}>
          {submitLabel}
        </Button>
        <Button onClick={onCancel}>{t('models.cancel')}</Button>
      </div>
    </form>
  );
}
