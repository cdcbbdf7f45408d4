import { Popover as Base } from '@base-ui/react/popover';
import { useState, type ReactNode } from 'react';
import { classes } from '../classes';
import type { OpensProps } from './FirstUse';
import overlay from './overlay.module.css';
import styles from './Popover.module.css';

/** What is in it may close it. */
export type Close = () => void;

export interface PopoverProps extends OpensProps {
  readonly children: ReactNode | ((close: Close) => ReactNode);
  readonly title?: string | undefined;
  readonly align?: 'start' | 'center' | 'end' | undefined;
}

/** See `Popover`, which loads it. */
export function PopoverPopup({ trigger, children, title, align = 'start', defaultOpen = false }: PopoverProps) {
  const [isOpen, setOpen] = useState(defaultOpen);
  return (
    <Base.Root open={isOpen} onOpenChange={(next) => setOpen(next)}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className={overlay.positioner} align={align} sideOffset={4} collisionPadding={8}>
          <Base.Popup className={classes(overlay.popup, styles.popover)}>
            {title !== undefined && <Base.Title className={styles.title}>{title}</Base.Title>}
            {typeof children === 'function' ? children(() => setOpen(false)) : children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
