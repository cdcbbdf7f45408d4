import { createLink } from '@tanstack/react-router';
import { forwardRef, type ComponentPropsWithoutRef } from 'react';
import { classes } from '../classes';
import styles from './TextLink.module.css';

interface AnchorProps extends ComponentPropsWithoutRef<'a'> {
  /** `plain` has the colour of the text around it until it is pointed at; `strong` is for the name of a row. */
  readonly look?: 'link' | 'plain' | 'strong' | undefined;
}

const Anchor = forwardRef<HTMLAnchorElement, AnchorProps>(function Anchor({ look = 'link', className, ...native }, ref) {
  return <a {...native} ref={ref} className={classes(styles[look], className)} />;
});

/** A link to a page within text or a row; parameters as of the router's `Link`. */
export const TextLink = createLink(Anchor);
