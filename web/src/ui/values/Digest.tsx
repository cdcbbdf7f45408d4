import { useT } from '../../i18n';
import { CopyButton } from '../actions/CopyButton';
import styles from './Digest.module.css';

/** Characters that tell files of a project apart. */
const SHOWN = 12;

/** A hash, short; copied whole. */
export function Digest({ value }: { readonly value: string | null | undefined }) {
  const t = useT();
  if (!value) return <>–</>;
  const hash = value.includes(':') ? value.slice(value.indexOf(':') + 1) : value;
  return (
    <span className={styles.digest}>
      <code title={value}>{hash.slice(0, SHOWN)}</code>
      <CopyButton text={value} label={t('ui.copy_digest')} />
    </span>
  );
}
