import { useSyncExternalStore } from 'react';

/** What is open above the page: the list of commands, or that of keys. */
export type Palette = 'commands' | 'shortcuts' | null;

let open: Palette = null;
const listeners = new Set<() => void>();

/** Open the palette, or the list of keys. */
export function openPalette(palette: Palette = 'commands'): void {
  open = palette;
  for (const listener of listeners) listener();
}

/** What is open. */
export function usePalette(): Palette {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => open,
  );
}
