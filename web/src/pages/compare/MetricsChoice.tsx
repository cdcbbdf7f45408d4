import { useId, useState } from 'react';
import { useT } from '../../i18n';
import styles from './Controls.module.css';

interface KeysChoiceProps {
  readonly label: string;
  readonly items: readonly { readonly value: string; readonly label: string }[];
  readonly chosen: readonly string[];
  readonly most: number;
  readonly onChange: (chosen: readonly string[]) => void;
}

/** Several of many, in a box that opens; those that are chosen stand in it in their order. */
export function MetricsChoice({ label, items, chosen, most, onChange }: KeysChoiceProps) {
  const t = useT();
  const id = useId();
  const [search, setSearch] = useState('');
  const found = items.filter((item) => item.label.toLowerCase().includes(search.toLowerCase())).slice(0, 200);
  const toggle = (value: string) =>
    onChange(chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value].slice(0, most));
  return (
    <details className={styles.details}>
      <summary className={styles.summary}>{t('compare.chosen_of', { label, chosen: chosen.length, count: items.length })}</summary>
      <div className={styles.popup}>
        <label htmlFor={id} className={styles.hidden}>
          {t('compare.search_keys')}
        </label>
        <input
          id={id}
          type="search"
          className={styles.select}
          placeholder={t('compare.search_keys')}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <div className={styles.options}>
          {found.map((item) => (
            <label key={item.value} className={styles.toggle}>
              <input
                type="checkbox"
                checked={chosen.includes(item.value)}
                disabled={!chosen.includes(item.value) && chosen.length >= most}
                onChange={() => toggle(item.value)}
              />
              <span>{item.label}</span>
            </label>
          ))}
        </div>
      </div>
    </details>
  );
}
