import type { ComponentPropsWithoutRef } from 'react';
import { classes } from '../classes';
import styles from './Card.module.css';

export interface CardProps extends ComponentPropsWithoutRef<'div'> {
  /** Without space inside: for tables and lists that reach the edge. */
  readonly flush?: boolean | undefined;
}

/** A box around what belongs together. */
export function Card({ flush = false, className, ...native }: CardProps) {
  return <div {...native} className={classes(styles.card, flush && styles.flush, className)} />;
}
