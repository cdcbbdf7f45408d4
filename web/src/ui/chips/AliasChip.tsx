import { Chip } from './Chip';

/** An alias of a version, with MLflow's at sign. */
export function AliasChip({ name }: { readonly name: string }) {
  return (
    <Chip tone="accent" title={`@${name}`}>
      @{name}
    </Chip>
  );
}
