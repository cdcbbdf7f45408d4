import type { ReactNode } from 'react';
import styles from './versions.module.css';

/** A message over the whole width of a page. */
export function Banner({
  tone,
  title,
  children,
}: {
  readonly tone: 'info' | 'warn' | 'bad';
  readonly title: string;
  readonly children?: ReactNode;
}) {
  return (
    <div className={`${styles.banner} ${styles[tone]}`} role="status">
      <strong>{title}</strong>
      {children !== null && children !== undefined && <span>{children}</span>}
    </div>
  );
}
