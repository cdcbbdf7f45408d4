import { useLayoutEffect, useRef } from 'react';
import { classes } from '../classes';
import { withoutForeignImages } from './images';
import styles from './Markdown.module.css';
import { trustedHtml, type TrustedHtml } from './trustedHtml';

export interface MarkdownProps {
  /** HTML made and cleaned by the server, such as `descriptionHtml`; or what `preview` has cleaned. */
  readonly html: TrustedHtml | null | undefined;
  readonly className?: string | undefined;
}

/** A description, as its writer meant it. Images from elsewhere are links: nothing is loaded that tells who reads this. */
export function Markdown({ html, className }: MarkdownProps) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!html) return;
    // A document of its own loads and runs nothing.
    const parsed = new DOMParser().parseFromString(typeof html === 'string' ? trustedHtml(html) : html, 'text/html');
    withoutForeignImages(parsed.body);
    element.current?.replaceChildren(...parsed.body.childNodes);
  }, [html]);
  if (!html) return null;
  return <div ref={element} className={classes(styles.markdown, className)} />;
}
