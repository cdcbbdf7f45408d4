import { useLayoutEffect, useRef } from 'react';
import styles from './Preview.module.css';
import { ofHtml, ofMarkdown } from './sanitise';

interface Props {
  readonly kind: 'html' | 'markdown';
  readonly text: string;
}

/** What strangers wrote, as elements that run nothing and load nothing. */
export function Sanitised({ kind, text }: Props) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    box.current?.replaceChildren(kind === 'html' ? ofHtml(text) : ofMarkdown(text));
  }, [kind, text]);
  return <div ref={box} className={styles.prose} />;
}
