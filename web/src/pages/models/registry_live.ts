import { useLive } from '../../api';
import { RegistryEventsDocument, type ProjectEventType } from '../../api/operations';

const MODELS: ProjectEventType[] = ['MODEL_CREATED', 'MODEL_UPDATED', 'MODEL_DELETED', 'MODEL_RESTORED'];

const VERSIONS: ProjectEventType[] = [
  'MODEL_VERSION_OPENED',
  'MODEL_VERSION_CREATED',
  'MODEL_VERSION_READY',
  'MODEL_VERSION_FAILED',
  'MODEL_VERSION_QUARANTINED',
  'MODEL_VERSION_SEALED',
  'MODEL_VERSION_YANKED',
  'MODEL_VERSION_UNYANKED',
  'MODEL_VERSION_DEPRECATED',
  'MODEL_VERSION_UNDEPRECATED',
  'MODEL_VERSION_UPDATED',
  'MODEL_VERSION_DELETED',
  'MODEL_VERSION_RESTORED',
  'MODEL_VERSION_STAGE_CHANGED',
  'MODEL_VERSION_FACTS_SET',
  'ALIAS_SET',
  'ALIAS_DELETED',
  'EVALUATION_CREATED',
  'CI_JOB_LINKED',
  'CI_JOB_UPDATED',
];

const REGISTRY = [...MODELS, ...VERSIONS];

/** Read again what the named operations asked for when a model or a version of the project changes. */
export function useRegistryLive(project: string, refreshes: readonly string[]): void {
  useLive(RegistryEventsDocument, { project, types: REGISTRY }, refreshes);
}
