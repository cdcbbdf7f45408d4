import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useSending } from '../../api';
import { ModelCreateDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { PageHeader } from '../../ui';
import { ModelForm } from './ModelForm';
import { tagsToSet, type ModelDraft } from './drafts';

/** A new model, as GitLab's form for it. */
export function ModelNewPage() {
  const t = useT();
  const { project } = useParams({ from: '/p/$project/new-model' });
  const { name } = useSearch({ from: '/p/$project/new-model' });
  const navigate = useNavigate();
  const sending = useSending(ModelCreateDocument, ['Models']);
  const create = async (draft: ModelDraft) => {
    const done = await sending.send({
      input: { project: { path: project }, name: draft.name, description: draft.description, tags: tagsToSet(draft.tags) },
    });
    const model = done?.modelCreate.model?.name;
    if (model !== undefined) await navigate({ to: '/p/$project/models/$model', params: { project, model } });
  };
  return (
    <>
      <PageHeader
        title={t('models.new')}
        description={t('models.new_explained')}
        crumbs={[{ label: t('models.title'), link: { to: '/p/$project/models', params: { project } } }]}
      />
      <ModelForm
        start={{ name: name ?? '', description: '', tags: [] }}
        submitLabel={t('models.create')}
        sending={sending}
        onSubmit={(draft) => void create(draft)}
        onCancel={() => void navigate({ to: '/p/$project/models', params: { project } })}
      />
    </>
  );
}
