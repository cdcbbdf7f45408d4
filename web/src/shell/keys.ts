import { useEffect, useRef } from 'react';

/** Whether a key goes into something that takes text, or a dialog or menu is open that has keys of its own. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  const takesText = target?.closest('input, textarea, select, [contenteditable="true"]') != null;
  return takesText || target?.closest('[role="dialog"], [role="menu"], [role="listbox"]') != null;
}

/** Call `onKey` when a key is pressed alone, outside of fields and dialogs. */
export function useKey(key: string, onKey: () => void): void {
  const latest = useRef(onKey);
  latest.current = onKey;
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      if (event.key !== key || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTaken(event)) return;
      event.preventDefault();
      latest.current();
    };
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, [key]);
}

/** How long the second key of a sequence is waited for. */
const SEQUENCE_MILLISECONDS = 1_500;

/** Call `onKey` with the key that is pressed after `first`. */
export function useKeyAfter(first: string, onKey: (key: string) => void): void {
  const latest = useRef(onKey);
  latest.current = onKey;
  useEffect(() => {
    let until = 0;
    const listener = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
      if (Date.now() < until) {
        until = 0;
        latest.current(event.key);
      } else if (event.key === first) until = Date.now() + SEQUENCE_MILLISECONDS;
    };
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, [first]);
}
