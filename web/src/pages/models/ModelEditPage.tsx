import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useT } from '../../i18n';
import { RouteMissing } from '../../shell/RouteMissing';
import { Loaded, PageHeader } from '../../ui';
import { ModelEditForm } from './ModelEditForm';
import { modelHead } from './opening';

/** Change name, description and tags of a model. */
export function ModelEditPage() {
  const t = useT();
  const { project, model } = useParams({ from: '/p/$project/models/$model/edit' });
  // What is typed must not be replaced by what comes later.
  const head = useQuery({ ...modelHead(useQueryClient(), project, model, {}), refetchOnWindowFocus: false });
  return (
    <>
      <PageHeader
        title={t('models.edit_title', { name: model })}
        crumbs={[
              { label: t('models.title'), link: { to: '/p/$project/models', params: { project } } },
              { label: model, link: { to: '/p/$project/models/$model', params: { project, model } } },
            ]}
      />
      <Loaded query={head}>
        {({ model: shown }) => (shown ? <ModelEditForm key={shown.id} project={project} model={shown} /> : <RouteMissing />)}
      </Loaded>
    </>
  );
}
