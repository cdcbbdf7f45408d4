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
    <a className={styles.name} title={side.name} href={`/${project}/-/candidates/${side.reference}`}>
      {side.name}
    </a>
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
