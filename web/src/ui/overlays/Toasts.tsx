import { Suspense, useSyncExternalStore } from 'react';
import { lazily, useNeeded } from '../lazily';
import { hasToasts, onToasts } from './toast';
import { useLater } from './useLater';

const ToastList = lazily(async () => (await import('./ToastList')).ToastList);
const Tooltips = lazily(async () => (await import('./Tooltips')).Tooltips);

/** Where messages and the words about controls appear; stands once, in the shell. F6 leads to the messages. */
export function Toasts() {
  const isNeeded = useNeeded(useSyncExternalStore(onToasts, hasToasts), ToastList);
  const hasTooltips = useLater(Tooltips);
  return (
    <Suspense fallback={null}>
      {isNeeded && <ToastList.Component />}
      {hasTooltips && <Tooltips.Component />}
    </Suspense>
  );
}
