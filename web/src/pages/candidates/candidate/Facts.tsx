import type { ReactNode } from 'react';
import styles from './candidate.module.css';

/** A line of a list of facts; without a value it is left out. */
export interface Fact {
  readonly label: string;
  readonly value: ReactNode;
}

/** Facts by name, in two columns. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className={styles.facts}>
      {facts
        .filter(({ value }) => value !== null && value !== false && value !== undefined && value !== '')
        .map(({ label, value }) => (
          <div key={label} className={styles.fact}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
