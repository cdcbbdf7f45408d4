import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useSending } from '../../api';
import { VersionCreateDocument, type NextVersionsQuery } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Field, MarkdownEditor, TextInput } from '../../ui';
import type { GivenFile } from '../artifacts/uploads/upload';
import { tagsToSet, type TagDraft } from '../models/drafts';
import { FormProblems } from '../models/FormProblems';
import styles from '../models/models.module.css';
import { TagsEditor } from '../models/TagsEditor';
import { useUnsaved } from '../models/unsaved';
import { CandidateChoice } from './CandidateChoice';
import { FilesChoice } from './FilesChoice';
import { SemVerField } from './SemVerField';

const FIELDS = ['version', 'increment', 'description', 'tags', 'candidateId', 'artifactFolder'];

interface Draft {
  readonly version: string;
  readonly description: string;
  readonly tags: readonly TagDraft[];
  readonly candidateId: string | null;
  readonly folder: string;
  readonly files: readonly GivenFile[];
}

/** The fields of a new version; files are sent once it is there, unless a candidate brings its own. */
export function VersionNewForm({
  project,
  model,
  next,
}: {
  readonly project: string;
  readonly model: string;
  readonly next: NextVersionsQuery;
}) {
  const t = useT();
  const search = useSearch({ from: '/p/$project/models/$model/new-version' });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const sending = useSending(VersionCreateDocument, ['ModelHead', 'ModelVersions', 'Models', 'NextVersions']);
  const [initial] = useState<Draft>({
    version: search.version ?? next.patch?.version ?? '',
    description: '',
    tags: [],
    candidateId: null,
    folder: '',
    files: [],
  });
  const [draft, setDraft] = useState(initial);
  const leaving = useUnsaved(draft, draft !== initial);
  const set = (change: Partial<Draft>) => setDraft((old) => ({ ...old, ...change }));
  const create = async (event: FormEvent) => {
    event.preventDefault();
    leaving.allow();
    const done = await sending.send({
      input: {
        model: { path: { project, name: model } },
        version: draft.version.trim() === '' ? null : draft.version.trim(),
        description: draft.description,
        tags: tagsToSet(draft.tags),
        candidateId: draft.candidateId,
        artifactFolder: draft.candidateId === null ? '' : draft.folder,
      },
    });
    const made = done?.modelVersionCreate.modelVersion;
    if (!made) return;
    if (draft.candidateId === null && draft.files.length > 0) {
      const { uploadsOf } = await import('../artifacts/uploads/useUploads');
      uploadsOf(queries).add({ kind: 'modelVersion', id: made.id }, draft.files);
    }
    await navigate({
      to: '/p/$project/models/$model/versions/$version',
      params: { project, model, version: made.version },
      // Nothing else is left to do but to add files, unless the candidate has brought its own.
      search: draft.candidateId === null ? { tab: 'files' } : {},
    });
  };
  return (
    <form className={styles.form} onSubmit={(event) => void create(event)}>
      <SemVerField
        project={project}
        model={model}
        next={next}
        value={draft.version}
        onChange={(version) => set({ version })}
        error={sending.errorAt('version') ?? sending.errorAt('increment')}
      />
      <CandidateChoice
        project={project}
        experiments={next.project?.experiments.nodes ?? []}
        uuid={search.candidate}
        value={draft.candidateId}
        onChange={(candidateId) => set({ candidateId })}
        error={sending.errorAt('candidateId')}
      />
      {draft.candidateId !== null && (
        <Field label={t('versions.folder')} hint={t('versions.folder_hint')} error={sending.errorAt('artifactFolder')} required={false}>
          <TextInput value={draft.folder} onChange={(event) => set({ folder: event.target.value })} placeholder="model" />
        </Field>
      )}
      <Field label={t('versions.notes')} hint={t('versions.notes_hint')} error={sending.errorAt('description')} required={false}>
        <MarkdownEditor name="description" rows={8} value={draft.description} onChange={(description) => set({ description })} />
      </Field>
      <TagsEditor tags={draft.tags} onChange={(tags) => set({ tags })} error={sending.errorAt('tags')} />
      {draft.candidateId === null && (
        <>
          <FilesChoice files={draft.files} onChange={(files) => set({ files })} />
          <p className={styles.hint}>{t('versions.files_later')}</p>
        </>
      )}
      <FormProblems sending={sending} fields={FIELDS} />
      <div className={styles.formActions}>
        <Button variant="primary" type="submit" busy={sending.isBusy}>
          {t('versions.create')}
        </Button>
        <Button onClick={() => void navigate({ to: '/p/$project/models/$model', params: { project, model }, search: { tab: 'versions' } })}>
          {t('models.cancel')}
        </Button>
      </div>
    </form>
  );
}
