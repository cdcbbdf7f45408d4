import { Time } from '../../ui';
import styles from './models.module.css';

/** A moment in a cell of a table: on one line. */
export function When({ at }: { readonly at: string | null }) {
  return (
    <span className={styles.nowrap}>
      <Time at={at} />
    </span>
  );
}
