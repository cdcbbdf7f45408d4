import { Field } from '@base-ui/react/field';
import { forwardRef, type ComponentPropsWithoutRef } from 'react';
import { classes } from '../classes';
import control from './control.module.css';
import styles from './TextArea.module.css';

export interface TextAreaProps extends ComponentPropsWithoutRef<'textarea'> {
  readonly mono?: boolean | undefined;
}

/** A text of several lines; grows with it where the browser can. */
export const TextArea = forwardRef<HTMLTextAreaElement, TextAreaProps>(function TextArea(
  { mono = false, className, rows = 4, ...native },
  ref,
) {
  const look = classes(control.control, styles.area, mono && control.mono, className);
  return <Field.Control render={<textarea {...native} ref={ref} rows={rows} className={look} />} />;
});
