import { Select as Base } from '@base-ui/react/select';
import { Check, ChevronsUpDown } from 'lucide-react';
import { classes } from '../classes';
import overlay from '../overlays/overlay.module.css';
import control from './control.module.css';
import options from './options.module.css';
import type { SelectProps } from './Select';
import styles from './Select.module.css';

/** What `Select` shows. */
export function SelectControl<Value extends string>({
  items, value, onChange, placeholder, compact = false, 'aria-label': label, ...rest
}: SelectProps<Value>) {
  return (
    <Base.Root<Value>
      {...rest}
      items={items}
      value={value}
      modal={false}
      onValueChange={(next) => {
        if (next !== null) onChange(next);
      }}
    >
      <Base.Trigger className={classes(control.control, styles.trigger, compact && styles.compact)} aria-label={label}>
        <Base.Value className={styles.value} placeholder={placeholder ?? ''} />
        <Base.Icon className={styles.icon}>
          <ChevronsUpDown />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className={overlay.positioner} sideOffset={4} collisionPadding={8} alignItemWithTrigger={false}>
          <Base.Popup className={classes(overlay.popup, options.popup)}>
            <Base.List className={options.list}>
              {items.map((item) => (
                <Base.Item key={item.value} value={item.value} disabled={item.disabled} className={overlay.item}>
                  <span className={options.check}>
                    <Base.ItemIndicator>
                      <Check />
                    </Base.ItemIndicator>
                  </span>
                  <Base.ItemText className={options.label}>{item.label}</Base.ItemText>
                  {item.hint !== undefined && <span className={options.hint}>{item.hint}</span>}
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
