import { Progress } from '@base-ui/react/progress';
import { classes } from '../classes';
import styles from './ProgressBar.module.css';

export interface ProgressBarProps {
  /** Null: how far it is is not known. */
  readonly value: number | null;
  readonly max?: number | undefined;
  readonly label: string;
  /** Only read aloud. */
  readonly hideLabel?: boolean | undefined;
  readonly tone?: 'accent' | 'good' | 'warn' | 'bad' | undefined;
}

/** How far something has come. */
export function ProgressBar({ value, max = 100, label, hideLabel = false, tone = 'accent' }: ProgressBarProps) {
  return (
    <Progress.Root className={styles.progress} value={value} max={max} aria-label={hideLabel ? label : undefined}>
      {!hideLabel && (
        <span className={styles.texts}>
          <Progress.Label className={styles.label}>{label}</Progress.Label>
          {value !== null && <Progress.Value className={styles.value} />}
        </span>
      )}
      <Progress.Track className={styles.track}>
        <Progress.Indicator className={classes(styles.indicator, styles[tone])} />
      </Progress.Track>
    </Progress.Root>
  );
}
