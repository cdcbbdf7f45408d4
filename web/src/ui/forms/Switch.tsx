import { Switch as Base } from '@base-ui/react/switch';
import type { ReactNode } from 'react';
import styles from './Switch.module.css';

export interface SwitchProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly label?: ReactNode;
  readonly hint?: ReactNode;
  readonly disabled?: boolean | undefined;
  readonly 'aria-label'?: string | undefined;
}

/** Something that is on or off from the moment it is switched; within a form that is sent, use `Checkbox`. */
export function Switch({ checked, onChange, label, hint, ...rest }: SwitchProps) {
  const control = (
    <Base.Root {...rest} className={styles.track} checked={checked} onCheckedChange={(next) => onChange(next)}>
      <Base.Thumb className={styles.thumb} />
    </Base.Root>
  );
  if (label === undefined) return control;
  return (
    <label className={styles.label}>
      {control}
      <span className={styles.texts}>
        {label}
        {hint !== undefined && <span className={styles.hint}>{hint}</span>}
      </span>
    </label>
  );
}
