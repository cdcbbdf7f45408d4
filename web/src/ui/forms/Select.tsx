import { lazy, Suspense } from 'react';
import { classes } from '../classes';
import control from './control.module.css';
import styles from './Select.module.css';

export interface Option<Value extends string = string> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly disabled?: boolean | undefined;
}

export interface SelectProps<Value extends string> {
  readonly items: readonly Option<Value>[];
  readonly value: Value | null;
  readonly onChange: (value: Value) => void;
  readonly placeholder?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly required?: boolean | undefined;
  readonly name?: string | undefined;
  /** Within a toolbar: as wide as what is chosen, and lower. */
  readonly compact?: boolean | undefined;
  readonly 'aria-label'?: string | undefined;
}

const SelectControl = lazy(async () => ({ default: (await import('./SelectControl')).SelectControl }));

/** One of a list that is short enough to be looked through; for longer ones there is `Combobox`. */
export function Select<Value extends string>({ onChange, ...rest }: SelectProps<Value>) {
  const { items, value, placeholder, compact } = rest;
  const waiting = (
    <div className={classes(control.control, styles.trigger, compact && styles.compact)}>
      <span className={styles.value}>{items.find((item) => item.value === value)?.label ?? placeholder}</span>
    </div>
  );
  // By their values the items are those of the caller, whose type a lazy component cannot carry.
  const choose = (next: string) => {
    const item = items.find((one) => one.value === next);
    if (item) onChange(item.value);
  };
  return (
    <Suspense fallback={waiting}>
      <SelectControl {...rest} onChange={choose} />
    </Suspense>
  );
}
