import { Input } from '@base-ui/react/input';
import { forwardRef, type ComponentPropsWithoutRef } from 'react';
import { classes } from '../classes';
import control from './control.module.css';

export interface TextInputProps extends Omit<ComponentPropsWithoutRef<'input'>, 'defaultValue' | 'value'> {
  readonly value?: string | undefined;
  /** For names, versions and other texts that machines read. */
  readonly mono?: boolean | undefined;
}

export const TextInput = forwardRef<HTMLInputElement, TextInputProps>(function TextInput(
  { mono = false, className, ...native },
  ref,
) {
  return <Input {...native} ref={ref} className={classes(control.control, mono && control.mono, className)} />;
});
