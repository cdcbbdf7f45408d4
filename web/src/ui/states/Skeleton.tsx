import { useT } from '../../i18n';
import styles from './Skeleton.module.css';

/** Lines in the shape of what is still being loaded. */
export function Skeleton({ rows = 3 }: { readonly rows?: number | undefined }) {
  const t = useT();
  return (
    <div className={styles.skeleton} role="status" aria-label={t('ui.loading')}>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} className={styles.row} />
      ))}
    </div>
  );
}
