import { useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useProjectPath } from './current';
import styles from './PageTitle.module.css';

const PRODUCT = 'Modelyard';

/**
 * The document's title, from the page's heading, so that no page has to set it.
 *
 * After a navigation the heading takes the focus and the title is announced: else a screen reader would stay at a link
 * that is gone. It does not while something of the new page has the focus already, such as the first field of a form.
 */
export function PageTitle() {
  const [announced, setAnnounced] = useState('');
  const project = useProjectPath();
  const address = useRouterState({ select: (state) => state.resolvedLocation?.pathname ?? '' });
  const isFirst = useRef(true);
  const isMoving = useRef(false);

  useEffect(() => {
    const main = document.getElementById('content');
    if (main === null) return;
    isMoving.current = !isFirst.current;
    if (address !== '') isFirst.current = false;
    const read = () => {
      const heading = main.querySelector('h1');
      const name = heading?.textContent?.trim() ?? '';
      if (heading === null || name === '') return;
      const title = [name, ...(project !== undefined && project !== name ? [project] : []), PRODUCT].join(' · ');
      if (document.title !== title) document.title = title;
      if (!isMoving.current) return;
      isMoving.current = false;
      setAnnounced(name);
      const active = document.activeElement;
      if (!main.contains(active) || !takesTyping(active)) focus(heading);
    };
    read();
    const observer = new MutationObserver(read);
    observer.observe(main, { childList: true, subtree: true, characterData: true });
    return () => observer.disconnect();
  }, [address, project]);

  return (
    <div className={styles.hidden} role="status" aria-live="polite">
      {announced}
    </div>
  );
}

function takesTyping(element: Element | null): boolean {
  return element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement;
}

function focus(heading: HTMLElement): void {
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
