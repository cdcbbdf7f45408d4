import { Tooltip as Base } from '@base-ui/react/tooltip';
import { useEffect, useState } from 'react';
import overlay from './overlay.module.css';
import styles from './Tooltips.module.css';

/** Milliseconds of rest before the words appear. */
const REST = 400;

/** The words about the control that is pointed at: one for the whole page, so that controls cost nothing more. */
export function Tooltips() {
  const [at, setAt] = useState<HTMLElement | null>(null);
  const [text, setText] = useState('');
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hide = () => {
      clearTimeout(timer);
      setAt(null);
    };
    const show = (event: Event) => {
      const control = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-tooltip]') : null;
      hide();
      if (control === null || (event.type === 'focusin' && !control.matches(':focus-visible'))) return;
      timer = setTimeout(() => {
        if (!control.isConnected || control.getAttribute('aria-expanded') === 'true') return;
        setText(control.dataset['tooltip'] ?? '');
        setAt(control);
      }, REST);
    };
    const events = { pointerover: show, focusin: show, focusout: hide, pointerdown: hide, keydown: hide, scroll: hide } as const;
    const ended = new AbortController();
    for (const [name, on] of Object.entries(events)) {
      document.addEventListener(name, on, { signal: ended.signal, capture: name === 'scroll', passive: true });
    }
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, []);
  return (
    <Base.Root open={at !== null}>
      <Base.Portal>
        <Base.Positioner className={overlay.positioner} anchor={at} sideOffset={6} collisionPadding={8}>
          <Base.Popup className={styles.tooltip}>{text}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
