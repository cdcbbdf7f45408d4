import type { Tone } from '../chips/Chip';

export interface ToastOptions {
  readonly title: string;
  readonly description?: string | undefined;
  readonly tone?: Exclude<Tone, 'accent'> | undefined;
  /** Such as undo; the message goes away with it. */
  readonly action?: { readonly label: string; readonly onSelect: () => void } | undefined;
}

/** Those that nothing shows yet: what does is loaded with the first of them. */
const waiting: ToastOptions[] = [];
const listeners = new Set<() => void>();
let show: ((options: ToastOptions) => void) | null = null;

/** Say something at the edge of the window: from anywhere, without waiting for it. */
export function toast(options: ToastOptions): void {
  if (show !== null) return show(options);
  waiting.push(options);
  for (const listener of listeners) listener();
}

/** Whether anything was ever said; for `useSyncExternalStore`. */
export function hasToasts(): boolean {
  return show !== null || waiting.length > 0;
}

export function onToasts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** From now on messages are shown by `by`, those that wait first; null when nothing shows them. */
export function showToasts(by: ((options: ToastOptions) => void) | null): void {
  show = by;
  if (by !== null) for (const options of waiting.splice(0)) by(options);
}
