import type { ReactNode } from 'react';
import { classes } from '../classes';
import styles from './Chip.module.css';

export type Tone = 'neutral' | 'info' | 'good' | 'warn' | 'bad' | 'accent';

export interface ChipProps {
  readonly tone?: Tone | undefined;
  readonly icon?: ReactNode;
  readonly title?: string | undefined;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

/** A short mark of a thing: a state, a label. */
export function Chip({ tone = 'neutral', icon, title, className, children }: ChipProps) {
  return (
    <span className={classes(styles.chip, styles[tone], className)} title={title}>
      {icon}
      <span className={styles.text}>{children}</span>
    </span>
  );
}
