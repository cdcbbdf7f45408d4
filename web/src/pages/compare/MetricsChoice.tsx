import { ChevronDown } from 'lucide-react';
import { useState } from 'react';
import { useT } from '../../i18n';
import { Button, Checkbox, Popover, SearchInput } from '../../ui';
import styles from './Controls.module.css';

interface MetricsChoiceProps {
  readonly label: string;
  readonly items: readonly { readonly value: string; readonly label: string }[];
  readonly chosen: readonly string[];
  readonly most: number;
  readonly onChange: (chosen: readonly string[]) => void;
}

/** More are found by typing. */
const MOST_SHOWN = 200;

/** Several of many, in a box that opens; each is added behind those that are chosen. */
export function MetricsChoice({ label, items, chosen, most, onChange }: MetricsChoiceProps) {
  const t = useT();
  const [search, setSearch] = useState('');
  const found = items.filter((item) => item.label.toLowerCase().includes(search.toLowerCase())).slice(0, MOST_SHOWN);
  const toggle = (value: string) =>
    onChange(chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value].slice(0, most));
  return (
    <Popover trigger={<Button icon={<ChevronDown />}>{t('compare.chosen_of', { label, chosen: chosen.length, count: items.length })}</Button>} title={label}>
      <div className={styles.popup}>
        <SearchInput value={search} onChange={setSearch} placeholder={t('compare.search_keys')} />
        <div className={styles.options}>
          {found.map((item) => (
            <Checkbox
              key={item.value}
              label={item.label}
              checked={chosen.includes(item.value)}
              disabled={!chosen.includes(item.value) && chosen.length >= most}
              onChange={() => toggle(item.value)}
            />
          ))}
        </div>
      </div>
    </Popover>
  );
}
