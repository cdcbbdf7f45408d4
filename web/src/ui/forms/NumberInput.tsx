import { NumberField } from '@base-ui/react/number-field';
import { Minus, Plus } from 'lucide-react';
import { useLanguage, useT } from '../../i18n';
import { classes } from '../classes';
import control from './control.module.css';
import styles from './NumberInput.module.css';

export interface NumberInputProps {
  /** Null: empty. */
  readonly value: number | null;
  readonly onChange: (value: number | null) => void;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly step?: number | 'any' | undefined;
  readonly disabled?: boolean | undefined;
  readonly required?: boolean | undefined;
  readonly name?: string | undefined;
  readonly placeholder?: string | undefined;
  /** A word after the number. */
  readonly unit?: string | undefined;
  readonly 'aria-label'?: string | undefined;
}

export function NumberInput({ value, onChange, placeholder, unit, 'aria-label': label, ...rest }: NumberInputProps) {
  const t = useT();
  const locale = useLanguage();
  return (
    <NumberField.Root {...rest} value={value} locale={locale} onValueChange={(next) => onChange(next)}>
      <NumberField.Group className={classes(control.control, styles.group)}>
        <NumberField.Input className={styles.input} placeholder={placeholder} aria-label={label} />
        {unit !== undefined && <span className={styles.unit}>{unit}</span>}
        <NumberField.Decrement className={styles.step} aria-label={t('ui.less')}>
          <Minus />
        </NumberField.Decrement>
        <NumberField.Increment className={styles.step} aria-label={t('ui.more')}>
          <Plus />
        </NumberField.Increment>
      </NumberField.Group>
    </NumberField.Root>
  );
}
