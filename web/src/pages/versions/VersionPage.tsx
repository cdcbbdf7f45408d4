import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { VersionHeadQuery } from '../../api/operations';
import { useT } from '../../i18n';
import { VERSION_TABS } from '../../routes/models';
import { RouteMissing } from '../../shell/RouteMissing';
import { Loaded, PageHeader, Tabs } from '../../ui';
import { useRegistryLive } from '../models/registry_live';
import { versionHead } from './opening';
import { VersionActions } from './VersionActions';
import { VersionBanners } from './VersionBanners';
import { VersionChips } from './VersionChips';
import { VersionTab } from './VersionTab';

export type ShownVersion = NonNullable<VersionHeadQuery['modelVersion']>;
export type ShownManifest = VersionHeadQuery['modelVersionManifest'];

/** Of so many characters of a model's name something is left for the version. */
const LONGEST = 60;

function shortened(name: string): string {
  return name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name;
}

/** One version of a model. */
export function VersionPage() {
  const t = useT();
  const params = useParams({ from: '/p/$project/models/$model/versions/$version' });
  const { project, model } = params;
  const { tab = 'overview' } = useSearch({ from: '/p/$project/models/$model/versions/$version' });
  const navigate = useNavigate({ from: '/p/$project/models/$model/versions/$version' });
  const head = useQuery(versionHead(useQueryClient(), { project, model, reference: params.version }, tab));
  useRegistryLive(project, ['VersionHead', 'VersionEvaluations', 'VersionActivity']);
  return (
    <Loaded query={head}>
      {({ modelVersion: version, modelVersionManifest: manifest }) => {
        if (version === null) return <RouteMissing />;
        const counts: Partial<Record<(typeof VERSION_TABS)[number], number | null>> = {
          files: version.scanned.totalCount,
          evaluations: version.evaluations.totalCount,
        };
        return (
          <>
            <PageHeader
              title={`${shortened(model)} ${version.version}`}
              crumbs={[
                    { label: t('models.title'), link: { to: '/p/$project/models', params: { project } } },
                    { label: model, link: { to: '/p/$project/models/$model', params: { project, model } } },
                  ]}
              chips={<VersionChips version={version} />}
              actions={<VersionActions project={project} model={model} version={version} />}
              tabs={
                <Tabs
                  label={version.version}
                  items={VERSION_TABS.map((value) => ({ value, label: t(`versions.tab_${value}`), count: counts[value] ?? undefined }))}
                  value={tab}
                  onChange={(value) =>
                    void navigate({ search: value === 'overview' ? {} : { tab: VERSION_TABS.find((one) => one === value) } })
                  }
                />
              }
            />
            <VersionBanners project={project} model={model} version={version} />
            <VersionTab tab={tab} project={project} model={model} version={version} manifest={manifest} />
          </>
        );
      }}
    </Loaded>
  );
}
