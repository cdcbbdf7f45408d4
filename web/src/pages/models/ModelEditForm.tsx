import { useNavigate } from '@tanstack/react-router';
import { useSending } from '../../api';
import { ModelUpdateDocument, type ModelHeadQuery } from '../../api/operations';
import { useT } from '../../i18n';
import { tagsToPatch, type ModelDraft } from './drafts';
import { ModelForm } from './ModelForm';

type Model = NonNullable<ModelHeadQuery['model']>;

/** The form of a model that there is. */
export function ModelEditForm({ project, model }: { readonly project: string; readonly model: Model }) {
  const t = useT();
  const navigate = useNavigate();
  const sending = useSending(ModelUpdateDocument, ['Models', 'ModelHead']);
  const back = (name: string) => navigate({ to: '/p/$project/models/$model', params: { project, model: name } });
  const save = async (draft: ModelDraft) => {
    const done = await sending.send({
      input: {
        model: { id: model.id },
        // Of what was not changed nothing is said: someone else may have changed it meanwhile.
        name: draft.name === model.name ? null : draft.name,
        description: draft.description === model.description ? null : draft.description,
        tags: tagsToPatch(model.tags, draft.tags),
      },
    });
    if (done) await back(done.modelUpdate.model?.name ?? draft.name);
  };
  return (
    <ModelForm
      start={{ name: model.name, description: model.description, tags: model.tags }}
      submitLabel={t('models.save')}
      sending={sending}
      onSubmit={(draft) => void save(draft)}
      onCancel={() => void back(model.name)}
    />
  );
}
