import type { ReactNode } from 'react';
import { useT } from '../../i18n';
import styles from './FilterBar.module.css';

export interface FilterBarProps {
  /** Usually a `SearchInput`. */
  readonly search?: ReactNode;
  /** Choices that narrow the list. */
  readonly children?: ReactNode;
  /** At the far end: order, columns, what can be done with all. */
  readonly actions?: ReactNode;
  readonly label?: string | undefined;
}

/** What stands above a list and narrows it. */
export function FilterBar({ search, children, actions, label }: FilterBarProps) {
  const t = useT();
  return (
    <div className={styles.bar} role="group" aria-label={label ?? t('ui.filters')}>
      {search !== undefined && <div className={styles.search}>{search}</div>}
      {children}
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
