import { cloneElement, Suspense, useEffect, useState, type KeyboardEvent, type ReactElement } from 'react';
import { fetchLater, type Later } from '../lazily';

/** What opens something takes these, besides its own. */
interface Trigger {
  readonly 'aria-haspopup'?: 'menu' | 'dialog';
  readonly 'aria-expanded'?: boolean;
  readonly onPointerEnter?: () => void;
  readonly onFocus?: () => void;
  readonly onClick?: () => void;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
}

export interface OpensProps {
  /** The button that opens it. */
  readonly trigger: ReactElement;
  /** Open from the start. */
  readonly defaultOpen?: boolean | undefined;
}

export interface FirstUseProps<Props extends OpensProps> {
  readonly popup: Later<Props>;
  readonly kind: 'menu' | 'dialog';
  readonly given: Props;
}

/**
 * A button with what it opens, whose script is no part of the page's: it is fetched when the button is pointed at or has
 * the focus, and after a while unasked. Until the first click the button stands alone; where the fetch fails, as without a
 * connection, the next click tries again.
 */
export function FirstUse<Props extends OpensProps>({ popup, kind, given }: FirstUseProps<Props>) {
  const [isUsed, setIsUsed] = useState(false);
  useEffect(() => fetchLater(popup), [popup]);
  const fetch = () => void popup.load().catch(() => undefined);
  const open = () => void popup.load().then(() => setIsUsed(true), () => undefined);
  const trigger = cloneElement(given.trigger as ReactElement<Trigger>, {
    'aria-haspopup': kind,
    'aria-expanded': false,
    onPointerEnter: fetch,
    onFocus: fetch,
    onClick: open,
    onKeyDown: (event) => {
      if (kind !== 'menu' || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
      event.preventDefault();
      open();
    },
  });
  if (!isUsed) return trigger;
  return <Suspense fallback={trigger}>{<popup.Component {...given} defaultOpen />}</Suspense>;
}
