import { Inbox } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './Empty.module.css';

export interface EmptyProps {
  readonly title: string;
  readonly children?: ReactNode;
  /** Usually a `Snippet`. */
  readonly snippet?: ReactNode;
  readonly action?: ReactNode;
  readonly icon?: ReactNode;
}

/** What stands where there is nothing yet, and how the first one is made. */
export function Empty({ title, children, snippet, action, icon = <Inbox /> }: EmptyProps) {
  return (
    <section className={styles.empty}>
      <span className={styles.icon} aria-hidden>
        {icon}
      </span>
      <h2 className={styles.title}>{title}</h2>
      {children !== undefined && <div className={styles.text}>{children}</div>}
      {action !== undefined && <div className={styles.action}>{action}</div>}
      {snippet !== undefined && <div className={styles.snippet}>{snippet}</div>}
    </section>
  );
}
