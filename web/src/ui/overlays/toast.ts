import { Toast } from '@base-ui/react/toast';
import type { Tone } from '../chips/Chip';

export interface ToastOptions {
  readonly title: string;
  readonly description?: string | undefined;
  readonly tone?: Exclude<Tone, 'accent'> | undefined;
  /** Such as undo; the message goes away with it. */
  readonly action?: { readonly label: string; readonly onSelect: () => void } | undefined;
}

/** What {@link Toasts} shows. */
export const toasts = Toast.createToastManager();

/** How long a message stays, in milliseconds; with an action there has to be time to think. */
const SHOWN = 5_000;
const SHOWN_WITH_ACTION = 10_000;

/** Say something at the edge of the window: from anywhere, without waiting for it. */
export function toast({ title, description, tone = 'neutral', action }: ToastOptions): void {
  const id = toasts.add({
    title,
    description,
    type: tone,
    priority: tone === 'bad' ? 'high' : 'low',
    timeout: action === undefined ? SHOWN : SHOWN_WITH_ACTION,
    ...(action && {
      actionProps: {
        children: action.label,
        onClick: () => {
          action.onSelect();
          toasts.close(id);
        },
      },
    }),
  });
}
