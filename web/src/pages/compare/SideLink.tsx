import { Link } from '@tanstack/react-router';
import type { Comparison, Side } from './comparison';
import styles from './SidesTable.module.css';

interface SideLinkProps {
  readonly project: string;
  readonly kind: Comparison['kind'];
  readonly side: Side;
}

/** A side's name, which leads to its page. */
export function SideLink({ project, kind, side }: SideLinkProps) {
  return kind === 'candidates' ? (
    <Link className={styles.name} title={side.name} to="/p/$project/candidates/$candidate" params={{ project, candidate: side.reference }}>
      {side.name}
    </Link>
  ) : (
    <Link
      className={styles.name}
      title={side.name}
      to="/p/$project/models/$model/versions/$version"
      params={{ project, model: side.home, version: side.reference }}
    >
      {side.name}
    </Link>
  );
}
