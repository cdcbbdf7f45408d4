import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import type { ReactNode } from 'react';
import styles from './Segmented.module.css';

export interface SegmentedItem<Value extends string> {
  readonly value: Value;
  readonly label: string;
  readonly icon?: ReactNode;
}

export interface SegmentedProps<Value extends string> {
  readonly items: readonly SegmentedItem<Value>[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
  readonly label?: string | undefined;
}

/** One of a few ways to look at the same thing. */
export function Segmented<Value extends string>({ items, value, onChange, label }: SegmentedProps<Value>) {
  return (
    <ToggleGroup
      className={styles.group}
      aria-label={label}
      value={[value]}
      onValueChange={([next]) => {
        if (next !== undefined) onChange(next);
      }}
    >
      {items.map((item) => (
        <Toggle key={item.value} value={item.value} className={styles.item}>
          {item.icon}
          {item.label}
        </Toggle>
      ))}
    </ToggleGroup>
  );
}
