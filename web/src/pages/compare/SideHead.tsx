import { Link } from '@tanstack/react-router';
import { Crosshair, X } from 'lucide-react';
import { useT } from '../../i18n';
import { Button, IconButton, StatusChip } from '../../ui';
import type { Comparison, Side } from './comparison';
import type { Change } from './ComparePage';
import { SideLink } from './SideLink';
import styles from './SidesTable.module.css';

interface SideHeadProps {
  readonly project: string;
  readonly comparison: Comparison;
  readonly side: Side;
  /** Which colour its curves have. */
  readonly look: number;
  readonly isBaseline: boolean;
  readonly change: Change;
}

/** The head of a side's column: what it is, and whether the others are measured by it. */
export function SideHead({ project, comparison, side, look, isBaseline, change }: SideHeadProps) {
  const t = useT();
  const { kind, sides } = comparison;
  const others = sides.filter((one) => one.id !== side.id).map((one) => one.id);
  const base = sides.find((one) => one.id !== side.id && one.home === side.home);
  return (
    <div className={styles.head}>
      <span className={styles.mark} data-look={look % 8} aria-hidden="true" />
      <SideLink project={project} kind={kind} side={side} />
      <span className={styles.facts}>
        <StatusChip status={side.status} />
        {side.home !== '' && <span title={side.home}>{side.home}</span>}
        {side.who !== '' && <span>{side.who}</span>}
      </span>
      <span className={styles.actions}>
        <Button
          size="s"
          variant={isBaseline ? 'secondary' : 'quiet'}
          icon={<Crosshair />}
          aria-pressed={isBaseline}
          onClick={() => change({ base: isBaseline ? undefined : side.id })}
        >
          {t('compare.baseline')}
        </Button>
        {others.length > 1 && (
          <IconButton
            icon={<X />}
            label={t('compare.remove', { name: side.name })}
            onClick={() => change({ [kind]: others.join(','), ...(isBaseline ? { base: undefined } : {}) })}
          />
        )}
        {kind === 'versions' && base !== undefined && (
          <Link
            className={styles.small}
            to="/p/$project/models/$model/versions/$version/diff"
            params={{ project, model: side.home, version: side.reference }}
            search={{ base: base.reference }}
          >
            {t('compare.diff')}
          </Link>
        )}
      </span>
    </div>
  );
}
