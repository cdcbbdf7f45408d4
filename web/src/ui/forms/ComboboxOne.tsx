import { Combobox as Base } from '@base-ui/react/combobox';
import { ChevronsUpDown, X } from 'lucide-react';
import { useMemo } from 'react';
import { useT } from '../../i18n';
import { classes } from '../classes';
import type { OneProps } from './Combobox';
import { useItems } from './comboboxItems';
import { ComboboxOptions } from './ComboboxOptions';
import control from './control.module.css';
import styles from './Combobox.module.css';

/** A combobox with one value. */
export function ComboboxOne({
  items, value, onChange, onSearch, allowNew = false, placeholder, disabled, required, loading, 'aria-label': label,
}: OneProps) {
  const t = useT();
  const chosen = useMemo(() => (value === null || value === '' ? [] : [value]), [value]);
  const { shown, labelOf, setText } = useItems(items, chosen, allowNew, t);
  const values = useMemo(() => shown.map((item) => item.value), [shown]);
  const props = onSearch ? { filter: null } : {};
  return (
    <Base.Root<string>
      {...props}
      items={values}
      itemToStringLabel={labelOf}
      value={value === '' ? null : value}
      disabled={disabled}
      required={required}
      autoHighlight
      onValueChange={(next) => onChange(next)}
      onInputValueChange={(text, { reason }) => {
        setText(reason === 'input-change' ? text : '');
        if (reason === 'input-change' || reason === 'input-clear') onSearch?.(text);
      }}
    >
      <Base.InputGroup className={classes(control.control, styles.group)}>
        <Base.Input className={styles.input} placeholder={placeholder} aria-label={label} />
        <Base.Clear className={styles.button} aria-label={t('ui.clear')}>
          <X />
        </Base.Clear>
        <Base.Trigger className={styles.button} aria-label={t('ui.open_list')}>
          <ChevronsUpDown />
        </Base.Trigger>
      </Base.InputGroup>
      <ComboboxOptions items={shown} loading={loading} />
    </Base.Root>
  );
}
