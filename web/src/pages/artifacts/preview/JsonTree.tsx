import { useState } from 'react';
import { useT } from '../../../i18n';
import { Button } from '../../../ui';
import { isRecord, type Json } from './details';
import styles from './Preview.module.css';

const SHOWN = 100;
const LONGEST_TEXT = 2_000;

interface Props {
  readonly name?: string | undefined;
  readonly value: Json;
  readonly isOpen?: boolean;
}

/** A value of JSON: what is within it is drawn when it is opened. */
export function JsonTree({ name, value, isOpen = false }: Props) {
  const t = useT();
  const [open, setOpen] = useState(isOpen);
  const [most, setMost] = useState(SHOWN);
  const label = name === undefined ? null : <span className={styles.key}>{name}: </span>;
  const entries = Array.isArray(value) ? value.map((each, index) => [String(index), each] as const) : isRecord(value) ? Object.entries(value) : null;
  if (entries === null) {
    const shown = JSON.stringify(value);
    return (
      <div className={styles.leaf}>
        {label}
        <code data-type={value === null ? 'null' : typeof value}>
          {shown.length > LONGEST_TEXT ? `${shown.slice(0, LONGEST_TEXT)}…` : shown}
        </code>
      </div>
    );
  }
  const [start, end] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return (
    <details className={styles.branch} open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        {label}
        <code>{entries.length === 0 ? `${start}${end}` : `${start} … ${end}`}</code>{' '}
        <span className={styles.muted}>{t('artifacts.entries', { count: entries.length })}</span>
      </summary>
      {open && (
        <div className={styles.children}>
          {entries.slice(0, most).map(([key, each]) => (
            <JsonTree key={key} name={key} value={each} />
          ))}
          {entries.length > most && (
            <Button size="s" variant="quiet" onClick={() => setMost(most + 10 * SHOWN)}>
              {t('artifacts.more_entries', { count: entries.length - most })}
            </Button>
          )}
        </div>
      )}
    </details>
  );
}
