import { createLink } from '@tanstack/react-router';
import { forwardRef, type ComponentPropsWithoutRef } from 'react';
import { buttonClass, type ButtonLook } from './Button';

interface AnchorProps extends ButtonLook, ComponentPropsWithoutRef<'a'> {}

const Anchor = forwardRef<HTMLAnchorElement, AnchorProps>(function Anchor(
  { variant, size, icon, className, children, ...native },
  ref,
) {
  return (
    <a {...native} ref={ref} className={buttonClass({ variant, size }, className)}>
      {icon}
      <span>{children}</span>
    </a>
  );
});

/** A link to a page that looks like a button; parameters as of the router's `Link`. */
export const ButtonLink = createLink(Anchor);
