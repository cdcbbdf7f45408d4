import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect } from 'react';
import { useCurrent } from '../current';
import { useKey, useKeyAfter } from '../keys';
import { isShown, PROJECT_NAVIGATION } from '../navigation';
import { openPalette, usePalette } from './open';

// Loaded when it is first opened.
const CommandPalette = lazy(() => import('./CommandPalette').then((module) => ({ default: module.CommandPalette })));
const Shortcuts = lazy(() => import('./Shortcuts').then((module) => ({ default: module.Shortcuts })));

/** The palette and the keys that work everywhere. */
export function PaletteHost() {
  const palette = usePalette();
  const navigate = useNavigate();
  const { project } = useCurrent();
  useKey('?', () => openPalette('shortcuts'));
  useKeyAfter('g', (key) => {
    if (key === 'h') return void navigate({ to: '/' });
    if (project === null) return;
    const item = PROJECT_NAVIGATION.flatMap((group) => group.items).find((one) => one.key === key);
    if (item !== undefined && isShown(item, project)) {
      void navigate({ to: item.to, params: { project: project.fullPath } });
    }
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      openPalette();
    };
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, []);
  return (
    <Suspense fallback={null}>
      {palette === 'commands' && <CommandPalette />}
      {palette === 'shortcuts' && <Shortcuts />}
    </Suspense>
  );
}
