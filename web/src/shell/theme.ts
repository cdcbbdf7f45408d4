import { useSyncExternalStore } from 'react';

/** `system` follows what the browser is told by its system. */
export type Theme = 'light' | 'dark' | 'system';

const KEPT = 'modelyard.theme';
const listeners = new Set<() => void>();

function read(): Theme {
  const kept = localStorage.getItem(KEPT);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

function show(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

/** Before the first page is drawn. */
export function startTheme(): void {
  show(read());
}

/** Show everything in a theme, from now on and at the next visit. */
export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEPT, theme);
  show(theme);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The theme that was chosen. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, read);
}
