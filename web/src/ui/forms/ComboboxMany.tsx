import { Combobox as Base } from '@base-ui/react/combobox';
import { X } from 'lucide-react';
import { useMemo } from 'react';
import { useT } from '../../i18n';
import { classes } from '../classes';
import type { ManyProps } from './Combobox';
import { useItems } from './comboboxItems';
import { ComboboxOptions } from './ComboboxOptions';
import control from './control.module.css';
import styles from './Combobox.module.css';

/** A combobox with several values, each a mark in front of the typed text. */
export function ComboboxMany({
  items, value, onChange, onSearch, allowNew = false, placeholder, disabled, required, loading, 'aria-label': label,
}: ManyProps) {
  const t = useT();
  const chosen = useMemo(() => [...value], [value]);
  const { shown, labelOf, text, setText } = useItems(items, chosen, allowNew, t);
  const values = useMemo(() => shown.map((item) => item.value), [shown]);
  const props = onSearch ? { filter: null } : {};
  return (
    <Base.Root<string, true>
      {...props}
      items={values}
      multiple
      itemToStringLabel={labelOf}
      value={chosen}
      disabled={disabled}
      required={required}
      autoHighlight
      inputValue={text}
      onValueChange={(next) => {
        setText('');
        onChange(next);
      }}
      onInputValueChange={(next) => {
        setText(next);
        onSearch?.(next);
      }}
    >
      <Base.InputGroup className={classes(control.control, styles.group, styles.many)}>
        <Base.Chips className={styles.chips}>
          {chosen.map((one) => (
            <Base.Chip key={one} className={styles.chip}>
              <span className={styles.text}>{labelOf(one)}</span>
              <Base.ChipRemove className={styles.remove} aria-label={t('ui.remove', { text: labelOf(one) })}>
                <X />
              </Base.ChipRemove>
            </Base.Chip>
          ))}
          <Base.Input className={styles.input} placeholder={chosen.length === 0 ? placeholder : undefined} aria-label={label} />
        </Base.Chips>
      </Base.InputGroup>
      <ComboboxOptions items={shown} loading={loading} />
    </Base.Root>
  );
}
