import { classes } from '../classes';
import { metric } from './numbers';
import styles from './MetricValue.module.css';

export interface MetricValueProps {
  /** The schema writes what JSON has no number for as `"NaN"`, `"Infinity"` and `"-Infinity"`. */
  readonly value: number | string | null | undefined;
}

/** A number that is compared with others above and below it. */
export function MetricValue({ value }: MetricValueProps) {
  if (value === null || value === undefined) return <span className={styles.none}>–</span>;
  const number = Number(value);
  return (
    <span className={classes(styles.metric, !Number.isFinite(number) && styles.odd)} title={String(value)}>
      {metric(number)}
    </span>
  );
}
