import { forwardRef, type ReactNode } from 'react';
import { classes } from '../classes';
import { Tooltip } from '../overlays/Tooltip';
import { Button, type ButtonProps } from './Button';
import styles from './IconButton.module.css';

export interface IconButtonProps extends Omit<ButtonProps, 'children' | 'icon'> {
  readonly icon: ReactNode;
  /** Read aloud, and shown when pointed at. */
  readonly label: string;
}

export const IconButton = forwardRef<HTMLButtonElement, IconButtonProps>(function IconButton(
  { label, variant = 'quiet', size = 's', className, ...native },
  ref,
) {
  return (
    <Tooltip text={label}>
      <Button
        {...native}
        ref={ref}
        variant={variant}
        size={size}
        aria-label={label}
        className={classes(styles.square, size === 's' && styles.small, className)}
      />
    </Tooltip>
  );
});
