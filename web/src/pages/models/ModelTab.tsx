import { lazy, Suspense } from 'react';
import type { ModelHeadQuery } from '../../api/operations';
import type { MODEL_TABS } from '../../routes/models';
import { Skeleton } from '../../ui';
import { ModelCard } from './ModelCard';

export type ShownModel = NonNullable<ModelHeadQuery['model']>;

const ModelVersionsTab = lazy(async () => ({ default: (await import('./ModelVersionsTab')).ModelVersionsTab }));
const ModelCandidatesTab = lazy(async () => ({ default: (await import('./ModelCandidatesTab')).ModelCandidatesTab }));
const ModelPerformanceTab = lazy(async () => ({ default: (await import('./ModelPerformanceTab')).ModelPerformanceTab }));
const ModelLineageTab = lazy(async () => ({ default: (await import('./ModelLineageTab')).ModelLineageTab }));
const ModelActivityTab = lazy(async () => ({ default: (await import('./ModelActivityTab')).ModelActivityTab }));
const ModelSettingsTab = lazy(async () => ({ default: (await import('./ModelSettingsTab')).ModelSettingsTab }));

/** What the open tab of a model shows; all but the card come when they are opened. */
export function ModelTab({
  tab,
  project,
  model,
}: {
  readonly tab: (typeof MODEL_TABS)[number];
  readonly project: string;
  readonly model: ShownModel;
}) {
  return (
    <Suspense fallback={<Skeleton rows={8} />}>
      {tab === 'card' && <ModelCard project={project} model={model} />}
      {tab === 'versions' && <ModelVersionsTab project={project} model={model} />}
      {tab === 'candidates' && <ModelCandidatesTab project={project} model={model.name} />}
      {tab === 'performance' && <ModelPerformanceTab project={project} model={model.name} />}
      {tab === 'lineage' && <ModelLineageTab project={project} model={model} />}
      {tab === 'activity' && <ModelActivityTab project={project} model={model} />}
      {tab === 'settings' && <ModelSettingsTab project={project} model={model} />}
    </Suspense>
  );
}
