import { Link } from '@tanstack/react-router';
import type { ModelRowFragment } from '../../api/operations';
import { AliasChip, Chip, StageChip } from '../../ui';
import { classes } from '../../ui/classes';
import styles from './models.module.css';

/** The stages that versions of a model are in, and its aliases, each with its version. */
export function ModelChips({
  project,
  model,
  most = 6,
}: {
  readonly project: string;
  readonly model: ModelRowFragment;
  /** So many are shown; the others are counted. */
  readonly most?: number;
}) {
  const stages = model.stageHolders.flatMap(({ stage, version }) => (stage ? [{ kind: 'stage' as const, name: stage.name, version }] : []));
  const aliases = model.aliases.flatMap(({ name, modelVersion }) =>
    modelVersion ? [{ kind: 'alias' as const, name, version: modelVersion.version }] : [],
  );
  const all = [...stages, ...aliases];
  const rest = all.slice(most);
  return (
    <span className={classes(styles.chips, most < 6 && styles.inCell)}>
      {all.slice(0, most).map(({ kind, name, version }) => (
        <Link
          key={`${kind}:${name}:${version}`}
          className={styles.chip}
          to="/p/$project/models/$model/versions/$version"
          params={{ project, model: model.name, version }}
        >
          {kind === 'stage' ? <StageChip name={name} /> : <AliasChip name={name} />}
          <span className={styles.holds}>{version}</span>
        </Link>
      ))}
      {rest.length > 0 && (
        <Chip tone="neutral" title={rest.map(({ name, version }) => `${name} ${version}`).join(', ')}>
          +{rest.length}
        </Chip>
      )}
    </span>
  );
}
