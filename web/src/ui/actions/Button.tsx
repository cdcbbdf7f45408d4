import { forwardRef, type ComponentPropsWithoutRef, type ReactNode } from 'react';
import { classes } from '../classes';
import { Spinner } from '../states/Spinner';
import styles from './Button.module.css';

/** `primary`: the one thing a page or dialog is for. `quiet`: in rows and toolbars. */
export type ButtonVariant = 'primary' | 'secondary' | 'quiet' | 'danger';
export type ButtonSize = 's' | 'm';

export interface ButtonLook {
  readonly variant?: ButtonVariant | undefined;
  readonly size?: ButtonSize | undefined;
  readonly icon?: ReactNode;
}

export interface ButtonProps extends ButtonLook, ComponentPropsWithoutRef<'button'> {
  /** What was asked for is under way: a second click does nothing, and the focus stays. */
  readonly busy?: boolean | undefined;
}

/** The classes of a button, for what is one by its look alone. */
export function buttonClass({ variant = 'secondary', size = 'm' }: ButtonLook, extra?: string): string {
  return classes(styles.button, styles[variant], size === 's' && styles.small, extra);
}

export const Button = forwardRef<HTMLButtonElement, ButtonProps>(function Button(
  { variant, size, icon, busy = false, className, children, onClick, type = 'button', ...native },
  ref,
) {
  return (
    <button
      {...native}
      ref={ref}
      type={type}
      className={buttonClass({ variant, size }, className)}
      aria-disabled={busy || native['aria-disabled'] || undefined}
      aria-busy={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy ? <Spinner /> : icon}
      {children !== undefined && <span className={styles.text}>{children}</span>}
    </button>
  );
});
