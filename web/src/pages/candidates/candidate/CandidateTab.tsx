import { ArtifactsTab } from './ArtifactsTab';
import { CiTab } from './CiTab';
import { ChildrenTab } from './ChildrenTab';
import { DatasetsTab } from './DatasetsTab';
import { LoggedModelsTab } from './LoggedModelsTab';
import { MetricsTab } from './MetricsTab';
import { OverviewTab } from './OverviewTab';
import { ParamsTab } from './ParamsTab';
import { SYSTEM_PREFIX, type CandidateDetails, type TabName } from './types';

interface Props {
  readonly project: string;
  readonly candidate: CandidateDetails;
  readonly tab: TabName;
  readonly search: string;
  readonly onSearch: (text: string) => void;
  readonly file: string | undefined;
  readonly onFile: (path: string | undefined) => void;
}

/** What the chosen tab shows. */
export function CandidateTab({ project, candidate, tab, search, onSearch, file, onFile }: Props) {
  const { metrics } = candidate;
  switch (tab) {
    case 'metrics':
      return <MetricsTab candidate={candidate} metrics={metrics.filter(({ key }) => !key.startsWith(SYSTEM_PREFIX))} search={search} onSearch={onSearch} axis="step" />;
    case 'system':
      return <MetricsTab candidate={candidate} metrics={metrics.filter(({ key }) => key.startsWith(SYSTEM_PREFIX))} search={search} onSearch={onSearch} axis="relative" />;
    case 'params':
      return <ParamsTab candidate={candidate} search={search} onSearch={onSearch} />;
    case 'artifacts':
      return <ArtifactsTab candidate={candidate} file={file} onFile={onFile} />;
    case 'datasets':
      return <DatasetsTab candidate={candidate} />;
    case 'models':
      return <LoggedModelsTab candidate={candidate} />;
    case 'children':
      return <ChildrenTab project={project} candidate={candidate} />;
    case 'ci':
      return <CiTab candidate={candidate} />;
    default:
      return <OverviewTab project={project} candidate={candidate} />;
  }
}
