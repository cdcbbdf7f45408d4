import { Suspense, type ReactNode } from 'react';
import { lazily, useNeeded } from '../lazily';

export interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  readonly children: ReactNode;
  /** Buttons, the main one last. */
  readonly footer?: ReactNode;
  readonly size?: 's' | 'm' | 'l' | undefined;
  /** Not closed by a click beside it: for what holds typed texts. */
  readonly keep?: boolean | undefined;
}

const DialogWindow = lazily(async () => (await import('./DialogWindow')).DialogWindow);

/** A question or form over the page. Escape and the cross close it; the focus goes back to where it was. */
export function Dialog(props: DialogProps) {
  const isNeeded = useNeeded(props.open, DialogWindow);
  return isNeeded && <Suspense fallback={null}>{<DialogWindow.Component {...props} />}</Suspense>;
}
