import { TextLink } from '../../ui';
import type { Target } from './things';

/** A link to what an address may mean, called by its project. */
export function TargetLink({ target }: { readonly target: Target }) {
  const { project } = target;
  switch (target.kind) {
    case 'experiments':
      return <TextLink to="/p/$project/experiments" params={{ project }}>{project}</TextLink>;
    case 'experiment':
      return <TextLink to="/p/$project/experiments/$number" params={{ project, number: target.number }}>{project}</TextLink>;
    case 'candidate':
      return <TextLink to="/p/$project/candidates/$candidate" params={{ project, candidate: target.uuid }}>{project}</TextLink>;
    case 'models':
      return <TextLink to="/p/$project/models" params={{ project }}>{project}</TextLink>;
    case 'model':
      return <TextLink to="/p/$project/models/$model" params={{ project, model: target.model }}>{project}</TextLink>;
    case 'version':
      return <TextLink to="/p/$project/models/$model/versions/$version" params={{ project, model: target.model, version: target.version }}>{project}</TextLink>;
  }
}
