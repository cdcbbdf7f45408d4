import { Checkbox as Base } from '@base-ui/react/checkbox';
import { Check, Minus } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './Checkbox.module.css';

export interface CheckboxProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  /** Some of those it stands for are. */
  readonly mixed?: boolean | undefined;
  /** Stands beside it; without one, `aria-label` says what it is. */
  readonly label?: ReactNode;
  readonly hint?: ReactNode;
  readonly disabled?: boolean | undefined;
  readonly name?: string | undefined;
  readonly 'aria-label'?: string | undefined;
}

export function Checkbox({ checked, onChange, mixed = false, label, hint, ...rest }: CheckboxProps) {
  const box = (
    <Base.Root
      {...rest}
      className={styles.box}
      checked={checked}
      indeterminate={mixed}
      onCheckedChange={(next) => onChange(next)}
    >
      <Base.Indicator className={styles.mark}>{mixed ? <Minus /> : <Check />}</Base.Indicator>
    </Base.Root>
  );
  if (label === undefined) return box;
  return (
    <label className={styles.label}>
      {box}
      <span className={styles.texts}>
        {label}
        {hint !== undefined && <span className={styles.hint}>{hint}</span>}
      </span>
    </label>
  );
}
