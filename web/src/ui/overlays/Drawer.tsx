import { Suspense, type ReactNode } from 'react';
import { lazily, useNeeded } from '../lazily';

export interface DrawerProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  readonly children: ReactNode;
  readonly footer?: ReactNode;
  readonly side?: 'left' | 'right' | undefined;
}

const DrawerWindow = lazily(async () => (await import('./DrawerWindow')).DrawerWindow);

/** Details of a row, or the navigation of a phone, from the edge of the window. */
export function Drawer(props: DrawerProps) {
  const isNeeded = useNeeded(props.open, DrawerWindow);
  return isNeeded && <Suspense fallback={null}>{<DrawerWindow.Component {...props} />}</Suspense>;
}
