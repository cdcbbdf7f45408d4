import { LoaderCircle } from 'lucide-react';
import styles from './Spinner.module.css';

/** Something is under way; with a label where nothing else says so. */
export function Spinner({ label }: { readonly label?: string | undefined }) {
  const icon = <LoaderCircle className={styles.spinner} aria-hidden />;
  if (label === undefined) return icon;
  return (
    <span className={styles.labelled} role="status">
      {icon}
      {label}
    </span>
  );
}
