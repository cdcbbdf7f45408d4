import { ExternalLink } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './versions.module.css';

/** A text that leads to another system, where there is an address. */
export function OutLink({ href, children }: { readonly href: string | null; readonly children: ReactNode }) {
  if (href === null) return <>{children}</>;
  return (
    <a className={styles.out} href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
      <ExternalLink aria-hidden="true" />
    </a>
  );
}
