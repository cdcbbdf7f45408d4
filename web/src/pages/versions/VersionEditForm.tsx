import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useSending } from '../../api';
import { VersionUpdateDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Field, MarkdownEditor } from '../../ui';
import { tagsToPatch, type TagDraft } from '../models/drafts';
import { FormProblems } from '../models/FormProblems';
import styles from '../models/models.module.css';
import { TagsEditor } from '../models/TagsEditor';
import { useUnsaved } from '../models/unsaved';
import { Banner } from './Banner';
import type { ShownVersion } from './VersionPage';

const FIELDS = ['description', 'tags'];

/** The form of a version that there is; its number stays for ever. */
export function VersionEditForm({
  project,
  model,
  version,
}: {
  readonly project: string;
  readonly model: string;
  readonly version: ShownVersion;
}) {
  const t = useT();
  const navigate = useNavigate();
  const sending = useSending(VersionUpdateDocument, ['VersionHead', 'ModelVersions']);
  const [initial] = useState<{ readonly description: string; readonly tags: readonly TagDraft[] }>({
    description: version.description,
    tags: version.tags,
  });
  const [draft, setDraft] = useState(initial);
  const leaving = useUnsaved(draft, draft !== initial);
  const back = () =>
    navigate({ to: '/p/$project/models/$model/versions/$version', params: { project, model, version: version.version } });
  const save = async (event: FormEvent) => {
    event.preventDefault();
    leaving.allow();
    const done = await sending.send({
      input: {
        modelVersion: { id: version.id },
        description: draft.description === initial.description ? null : draft.description,
        tags: tagsToPatch(initial.tags, draft.tags),
      },
    });
    if (done) await back();
  };
  return (
    <form className={styles.form} onSubmit={(event) => void save(event)}>
      {version.sealedAt !== null && (
        <Banner tone="info" title={t('versions.sealed')}>
          {t('versions.sealed_edit')}
        </Banner>
      )}
      <Field label={t('versions.notes')} hint={t('versions.notes_hint')} error={sending.errorAt('description')} required={false}>
        <MarkdownEditor
          name="description"
          value={draft.description}
          onChange={(description) => setDraft((old) => ({ ...old, description }))}
        />
      </Field>
      <TagsEditor tags={draft.tags} onChange={(tags) => setDraft((old) => ({ ...old, tags }))} error={sending.errorAt('tags')} />
      <FormProblems sending={sending} fields={FIELDS} />
      <div className={styles.formActions}>
        <Button variant="primary" type="submit" busy={sending.isBusy}>
          {t('models.save')}
        </Button>
        <Button onClick={() => void back()}>{t('models.cancel')}</Button>
      </div>
    </form>
  );
}
