import { lazy, Suspense } from 'react';
import type { VERSION_TABS } from '../../routes/models';
import { Skeleton } from '../../ui';
import { VersionOverview } from './VersionOverview';
import type { ShownManifest, ShownVersion } from './VersionPage';

const FilesTab = lazy(async () => ({ default: (await import('./FilesTab')).FilesTab }));
const MetricsTab = lazy(async () => ({ default: (await import('./MetricsTab')).MetricsTab }));
const EvaluationsTab = lazy(async () => ({ default: (await import('./EvaluationsTab')).EvaluationsTab }));
const VersionLineage = lazy(async () => ({ default: (await import('./lineage/VersionLineage')).VersionLineage }));
const VersionActivityTab = lazy(async () => ({ default: (await import('./VersionActivityTab')).VersionActivityTab }));
const UseTab = lazy(async () => ({ default: (await import('./UseTab')).UseTab }));

/** What the open tab of a version shows; all but the overview come when they are opened. */
export function VersionTab({
  tab,
  project,
  model,
  version,
  manifest,
}: {
  readonly tab: (typeof VERSION_TABS)[number];
  readonly project: string;
  readonly model: string;
  readonly version: ShownVersion;
  readonly manifest: ShownManifest;
}) {
  return (
    <Suspense fallback={<Skeleton rows={8} />}>
      {tab === 'overview' && <VersionOverview project={project} model={model} version={version} manifest={manifest} />}
      {tab === 'files' && <FilesTab model={model} version={version} />}
      {tab === 'metrics' && <MetricsTab version={version} />}
      {tab === 'evaluations' && <EvaluationsTab project={project} id={version.id} />}
      {tab === 'lineage' && <VersionLineage project={project} model={model} reference={version.version} />}
      {tab === 'activity' && <VersionActivityTab project={project} model={model} id={version.id} />}
      {tab === 'use' && <UseTab project={project} model={model} version={version} />}
    </Suspense>
  );
}
