import { Radio } from '@base-ui/react/radio';
import { RadioGroup } from '@base-ui/react/radio-group';
import type { ReactNode } from 'react';
import styles from './RadioCards.module.css';

export interface RadioCard<Value extends string> {
  readonly value: Value;
  readonly label: ReactNode;
  /** What it means to choose this. */
  readonly hint?: ReactNode;
  readonly disabled?: boolean | undefined;
}

export interface RadioCardsProps<Value extends string> {
  readonly items: readonly RadioCard<Value>[];
  readonly value: Value | null;
  readonly onChange: (value: Value) => void;
  readonly disabled?: boolean | undefined;
  readonly 'aria-label'?: string | undefined;
}

/** One of a few, each with a line on what it means. */
export function RadioCards<Value extends string>({ items, value, onChange, ...rest }: RadioCardsProps<Value>) {
  return (
    <RadioGroup {...rest} className={styles.group} value={value} onValueChange={(next) => next !== null && onChange(next)}>
      {items.map((item) => (
        <label key={item.value} className={styles.card}>
          <Radio.Root value={item.value} disabled={item.disabled} className={styles.radio}>
            <Radio.Indicator className={styles.dot} />
          </Radio.Root>
          <span className={styles.texts}>
            <span className={styles.label}>{item.label}</span>
            {item.hint !== undefined && <span className={styles.hint}>{item.hint}</span>}
          </span>
        </label>
      ))}
    </RadioGroup>
  );
}
