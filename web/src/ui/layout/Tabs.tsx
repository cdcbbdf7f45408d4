import { Tabs as Base } from '@base-ui/react/tabs';
import type { ReactNode } from 'react';
import { Count } from '../values/Count';
import styles from './Tabs.module.css';

export interface TabItem<Value extends string> {
  readonly value: Value;
  readonly label: string;
  readonly count?: number | null | undefined;
}

export interface TabsProps<Value extends string> {
  readonly items: readonly TabItem<Value>[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
  readonly label?: string | undefined;
  /** What the open tab shows. Left out, the page puts it below by itself. */
  readonly children?: ReactNode;
}

/** Parts of a page, one at a time; which is open stands in the page's address. */
export function Tabs<Value extends string>({ items, value, onChange, label, children }: TabsProps<Value>) {
  return (
    <Base.Root value={value} onValueChange={(next: Value) => onChange(next)}>
      <Base.List className={styles.list} aria-label={label} activateOnFocus={false}>
        {items.map((item) => (
          <Base.Tab key={item.value} value={item.value} className={styles.tab}>
            {item.label}
            {item.count !== undefined && item.count !== null && (
              <span className={styles.count}>
                <Count value={item.count} />
              </span>
            )}
          </Base.Tab>
        ))}
      </Base.List>
      {items.map((item) => (
        <Base.Panel key={item.value} value={item.value} className={styles.panel} tabIndex={-1} keepMounted>
          {item.value === value ? children : null}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}
