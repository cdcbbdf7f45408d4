import { Field as Base } from '@base-ui/react/field';
import type { ReactNode } from 'react';
import { useT } from '../../i18n';
import styles from './Field.module.css';

export interface FieldProps {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  /** The server's or the page's reason; takes the hint's room and is read aloud with the control. */
  readonly error?: ReactNode;
  readonly required?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  /** The label is only read aloud. */
  readonly hideLabel?: boolean | undefined;
  /** One control of this folder. */
  readonly children: ReactNode;
}

/** A control with its label, hint and error. Required is the rule: fields that are not say so. */
export function Field({ label, hint, error, required, disabled, hideLabel = false, children }: FieldProps) {
  const t = useT();
  const isRefused = error !== undefined && error !== null && error !== '' && error !== false;
  return (
    <Base.Root className={styles.field} invalid={isRefused} disabled={disabled}>
      <Base.Label className={hideLabel ? styles.hidden : styles.label}>
        {label}
        {required === false && <span className={styles.optional}>{t('ui.optional')}</span>}
      </Base.Label>
      {children}
      {isRefused ? (
        <Base.Error className={styles.error} match>
          {error}
        </Base.Error>
      ) : (
        hint !== undefined && <Base.Description className={styles.hint}>{hint}</Base.Description>
      )}
    </Base.Root>
  );
}
