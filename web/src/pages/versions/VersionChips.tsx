import { useT } from '../../i18n';
import { AliasChip, Chip, StageChip } from '../../ui';
import styles from '../models/models.module.css';
import { VersionMarks } from './VersionMarks';
import type { ShownVersion } from './VersionPage';

/** Stage, aliases and marks of a version, and whether it is the latest. */
export function VersionChips({ version }: { readonly version: ShownVersion }) {
  const t = useT();
  return (
    <span className={styles.chips}>
      <StageChip name={version.stage} />
      {version.aliases.map(({ id, name }) => (
        <AliasChip key={id} name={name} />
      ))}
      {version.model?.latestVersion?.id === version.id && <Chip tone="good">{t('versions.latest')}</Chip>}
      <VersionMarks version={version} />
    </span>
  );
}
