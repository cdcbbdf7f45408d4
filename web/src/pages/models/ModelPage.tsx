import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useT } from '../../i18n';
import { MODEL_TABS } from '../../routes/models';
import { RouteMissing } from '../../shell/RouteMissing';
import { ButtonLink, Loaded, PageHeader, Tabs } from '../../ui';
import { ModelChips } from './ModelChips';
import { ModelMenu } from './ModelMenu';
import { ModelTab } from './ModelTab';
import { modelHead } from './opening';
import { useRegistryLive } from './registry_live';

/** One model: its card, versions, candidates, performance, lineage, activity and settings. */
export function ModelPage() {
  const t = useT();
  const { project, model: name } = useParams({ from: '/p/$project/models/$model' });
  const search = useSearch({ from: '/p/$project/models/$model' });
  const { tab = 'card' } = search;
  const navigate = useNavigate({ from: '/p/$project/models/$model' });
  const head = useQuery(modelHead(useQueryClient(), project, name, search));
  useRegistryLive(project, ['ModelHead', 'ModelSizes', 'ModelVersions', 'ModelActivity', 'ModelPerformance']);
  return (
    <Loaded query={head}>
      {({ model }) => {
        if (model === null) return <RouteMissing />;
        const counts: Partial<Record<(typeof MODEL_TABS)[number], number | null>> = {
          versions: model.versions.totalCount,
          candidates: model.candidates.totalCount,
        };
        const shown = MODEL_TABS.filter((one) => one !== 'settings' || model.viewerCanUpdate);
        return (
          <>
            <PageHeader
              title={model.name}
              crumbs={[{ label: t('models.title'), link: { to: '/p/$project/models', params: { project } } }]}
              chips={<ModelChips project={project} model={model} />}
              actions={
                <>
                  {model.project?.viewerCanWriteRegistry && (
                    <ButtonLink variant="primary" to="/p/$project/models/$model/new-version" params={{ project, model: model.name }}>
                      {t('versions.new')}
                    </ButtonLink>
                  )}
                  <ModelMenu project={project} model={model} />
                </>
              }
              tabs={
                <Tabs
                  label={model.name}
                  items={shown.map((value) => ({ value, label: t(`models.tab_${value}`), count: counts[value] ?? undefined }))}
                  value={tab}
                  onChange={(value) =>
                    void navigate({ search: value === 'card' ? {} : { tab: MODEL_TABS.find((one) => one === value) } })
                  }
                />
              }
            />
            <ModelTab tab={tab} project={project} model={model} />
          </>
        );
      }}
    </Loaded>
  );
}
