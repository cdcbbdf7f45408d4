import type { ReactNode } from 'react';
import { Breadcrumbs, type Crumb } from './Breadcrumbs';
import styles from './PageHeader.module.css';

export interface PageHeaderProps {
  readonly title: ReactNode;
  readonly crumbs?: readonly Crumb[] | undefined;
  readonly description?: ReactNode;
  readonly chips?: ReactNode;
  readonly actions?: ReactNode;
  /** `Tabs`, which then stand on the header's lower edge. */
  readonly tabs?: ReactNode;
}

/** The head of a page: what it shows, and what can be done with it. */
export function PageHeader({ title, crumbs, description, chips, actions, tabs }: PageHeaderProps) {
  return (
    <div className={styles.header}>
      {crumbs !== undefined && <Breadcrumbs crumbs={crumbs} />}
      <div className={styles.main}>
        <div className={styles.texts}>
          <div className={styles.names}>
            <h1 className={styles.title}>{title}</h1>
            {chips !== undefined && <div className={styles.chips}>{chips}</div>}
          </div>
          {description !== undefined && <div className={styles.description}>{description}</div>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </div>
      {tabs}
    </div>
  );
}
