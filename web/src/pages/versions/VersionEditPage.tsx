import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useT } from '../../i18n';
import { RouteMissing } from '../../shell/RouteMissing';
import { Loaded, PageHeader } from '../../ui';
import { versionHead } from './opening';
import { VersionEditForm } from './VersionEditForm';

/** Change the notes and tags of a version. */
export function VersionEditPage() {
  const t = useT();
  const { project, model, version } = useParams({ from: '/p/$project/models/$model/versions/$version/edit' });
  // What is typed must not be replaced by what comes later.
  const head = useQuery({ ...versionHead(useQueryClient(), { project, model, reference: version }), refetchOnWindowFocus: false });
  const shown = head.data?.modelVersion?.version ?? version;
  return (
    <>
      <PageHeader
        title={t('models.edit_title', { name: `${model} ${shown}` })}
        crumbs={[
          { label: t('models.title'), link: { to: '/p/$project/models', params: { project } } },
          { label: model, link: { to: '/p/$project/models/$model', params: { project, model } } },
          {
            label: shown,
            link: { to: '/p/$project/models/$model/versions/$version', params: { project, model, version: shown } },
          },
        ]}
      />
      <Loaded query={head}>
        {(data) =>
          data.modelVersion === null ? (
            <RouteMissing />
          ) : (
            <VersionEditForm key={data.modelVersion.id} project={project} model={model} version={data.modelVersion} />
          )
        }
      </Loaded>
    </>
  );
}
