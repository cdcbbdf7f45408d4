import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useSending } from '../../api';
import { GroupCreateDocument, type Visibility } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Dialog, Field, TextInput } from '../../ui';
import { FormProblems } from './FormProblems';
import { VisibilityChoice } from './VisibilityChoice';
import styles from './forms.module.css';

const FIELDS = ['path', 'name', 'visibility', 'parent'];

interface Props {
  /** The path of the group around it; null: at the top. */
  readonly parent: string | null;
  readonly onClose: () => void;
}

/** A new group. */
export function NewGroupDialog({ parent, onClose }: Props) {
  const t = useT();
  const navigate = useNavigate();
  const [path, setPath] = useState('');
  const [name, setName] = useState('');
  const [visibility, setVisibility] = useState<Visibility>('PRIVATE');
  const form = useSending(GroupCreateDocument);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const input = {
      path,
      visibility,
      ...(name !== '' && { name }),
      ...(parent !== null && { parent: { path: parent } }),
    };
    const made = (await form.send({ input }))?.groupCreate.group;
    if (made) void navigate({ to: '/n/$path', params: { path: made.fullPath } });
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={t(parent === null ? 'namespaces.new_group' : 'namespaces.new_subgroup')}
      footer={
        <>
          <Button onClick={onClose}>{t('namespaces.cancel')}</Button>
          <Button variant="primary" type="submit" form="new-group" busy={form.isBusy} disabled={path === ''}>
            {t('namespaces.create')}
          </Button>
        </>
      }
    >
      <form id="new-group" className={styles.form} onSubmit={(event) => void submit(event)}>
        <Field label={t('namespaces.path')} hint={t('namespaces.path_hint')} error={form.errorAt('path')} required>
          <TextInput value={path} onChange={(event) => setPath(event.target.value)} autoFocus maxLength={255} spellCheck={false} />
        </Field>
        <Field label={t('namespaces.name')} hint={t('namespaces.name_hint')} error={form.errorAt('name')}>
          <TextInput value={name} onChange={(event) => setName(event.target.value)} maxLength={255} />
        </Field>
        <VisibilityChoice value={visibility} onChange={setVisibility} error={form.errorAt('visibility')} />
        <FormProblems sending={form} fields={FIELDS} />
      </form>
    </Dialog>
  );
}
