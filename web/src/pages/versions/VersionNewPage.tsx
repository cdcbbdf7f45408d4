import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { query } from '../../api';
import { NextVersionsDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { RouteMissing } from '../../shell/RouteMissing';
import { Loaded, PageHeader } from '../../ui';
import { VersionNewForm } from './VersionNewForm';

/** A new version of a model, as GitLab's form for it. */
export function VersionNewPage() {
  const t = useT();
  const { project, model } = useParams({ from: '/p/$project/models/$model/new-version' });
  const next = useQuery({ ...query(NextVersionsDocument, { project, model }), refetchOnWindowFocus: false });
  return (
    <>
      <PageHeader
        title={t('versions.new_of', { model })}
        crumbs={[
          { label: t('models.title'), link: { to: '/p/$project/models', params: { project } } },
          { label: model, link: { to: '/p/$project/models/$model', params: { project, model } } },
          { label: t('versions.new') },
        ]}
      />
      <Loaded query={next}>
        {(data) => (data.model === null ? <RouteMissing /> : <VersionNewForm project={project} model={model} next={data} />)}
      </Loaded>
    </>
  );
}
