import { ChevronsUpDown } from 'lucide-react';
import { useId } from 'react';
import styles from './Controls.module.css';

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly items: readonly { readonly value: string; readonly label: string; readonly group?: string }[];
  readonly onChange: (value: string) => void;
}

/** One of several; a native list, since those of fields are long and have groups. */
export function Choice({ label, value, items, onChange }: ChoiceProps) {
  const id = useId();
  const groups = [...new Set(items.map((item) => item.group ?? ''))];
  const options = (group: string) =>
    items
      .filter((item) => (item.group ?? '') === group)
      .map((item) => (
        <option key={item.value} value={item.value}>
          {item.label}
        </option>
      ));
  return (
    <label className={styles.field} htmlFor={id}>
      <span>{label}</span>
      <span className={styles.native}>
        <select id={id} className={styles.select} value={value} onChange={(event) => onChange(event.target.value)}>
          {groups.map((group) =>
            group === '' ? (
              options(group)
            ) : (
              <optgroup key={group} label={group}>
                {options(group)}
              </optgroup>
            ),
          )}
        </select>
        <ChevronsUpDown aria-hidden />
      </span>
    </label>
  );
}
