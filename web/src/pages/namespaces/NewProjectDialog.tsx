import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { query, useSending } from '../../api';
import { GroupCreateDocument, GroupsDocument, ProjectCreateDocument, type Visibility } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Checkbox, Combobox, Dialog, Field, TextArea, TextInput } from '../../ui';
import { FormProblems } from './FormProblems';
import { VisibilityChoice } from './VisibilityChoice';
import styles from './forms.module.css';

const FIELDS = ['path', 'name', 'description', 'visibility', 'group'];

interface Props {
  /** The group that it is made in; to choose, when left out. */
  readonly group?: string;
  readonly onClose: () => void;
}

/** A new project, in a group or in a new one. */
export function NewProjectDialog({ group: given, onClose }: Props) {
  const t = useT();
  const navigate = useNavigate();
  const [search, setSearch] = useState('');
  const [chosen, setGroup] = useState<string | null>(given ?? null);
  const [isNewGroup, setNewGroup] = useState(false);
  const [newGroup, setNewGroupPath] = useState('');
  const [path, setPath] = useState('');
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [visibility, setVisibility] = useState<Visibility>('PRIVATE');
  const groups = useQuery({
    ...query(GroupsDocument, { search }),
    enabled: given === undefined,
    placeholderData: keepPreviousData,
  });
  const project = useSending(ProjectCreateDocument);
  const group = useSending(GroupCreateDocument);
  const into = isNewGroup ? newGroup : chosen;

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (into === null || into === '') return;
    if (isNewGroup) {
      const made = (await group.send({ input: { path: newGroup, visibility } }))?.groupCreate.group;
      if (!made) return;
      // Should the project be refused now, the group is there already.
      setNewGroup(false);
      setGroup(made.fullPath);
    }
    const input = { group: { path: into }, path, description, visibility, ...(name !== '' && { name }) };
    const made = (await project.send({ input }))?.projectCreate.project;
    if (made) void navigate({ to: '/n/$path', params: { path: made.fullPath } });
  }

  const items = (groups.data?.groups.nodes ?? []).filter((one) => one.viewerCanManage);
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('namespaces.new_project')}
      footer={
        <>
          <Button onClick={onClose}>{t('namespaces.cancel')}</Button>
          <Button
            variant="primary"
            type="submit"
            form="new-project"
            busy={project.isBusy || group.isBusy}
            disabled={path === '' || !into}
          >
            {t('namespaces.create')}
          </Button>
        </>
      }
    >
      <form id="new-project" className={styles.form} onSubmit={(event) => void submit(event)}>
        {given === undefined && !isNewGroup && (
          <Field
            label={t('namespaces.in_group')}
            hint={t('namespaces.in_group_hint')}
            error={project.errorAt('group')}
            required
          >
            <Combobox
              items={items.map((one) => ({ value: one.fullPath, label: one.fullPath }))}
              value={chosen}
              onChange={setGroup}
              onSearch={setSearch}
            />
          </Field>
        )}
        {given === undefined && (
          <Checkbox label={t('namespaces.in_new_group')} checked={isNewGroup} onChange={setNewGroup} />
        )}
        {isNewGroup && (
          <Field label={t('namespaces.new_group_path')} error={group.errorAt('path')} required>
            <TextInput value={newGroup} onChange={(event) => setNewGroupPath(event.target.value)} maxLength={255} spellCheck={false} />
          </Field>
        )}
        <Field label={t('namespaces.path')} hint={t('namespaces.path_hint')} error={project.errorAt('path')} required>
          <TextInput value={path} onChange={(event) => setPath(event.target.value)} autoFocus={given !== undefined} maxLength={255} spellCheck={false} />
        </Field>
        {path !== '' && into && (
          <p className={styles.address}>
            {t('namespaces.address', { address: `${window.location.origin}/${into}/${path}` })}
          </p>
        )}
        <Field label={t('namespaces.name')} hint={t('namespaces.name_hint')} error={project.errorAt('name')}>
          <TextInput value={name} onChange={(event) => setName(event.target.value)} maxLength={255} />
        </Field>
        <Field label={t('namespaces.description')} error={project.errorAt('description')}>
          <TextArea value={description} onChange={(event) => setDescription(event.target.value)} rows={3} />
        </Field>
        <VisibilityChoice value={visibility} onChange={setVisibility} error={project.errorAt('visibility')} />
        <FormProblems sending={project} fields={FIELDS} />
        <FormProblems sending={group} fields={['path']} />
      </form>
    </Dialog>
  );
}
