import { useBlocker } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { translate } from '../../i18n';

/** Ask before a page with typed text is left; `allow` is for the form that sends it. */
export function useUnsaved(draft: unknown, isChanged: boolean): { readonly allow: () => void } {
  const isAllowed = useRef(false);
  // What was typed after an attempt that was refused is unsaved again.
  useEffect(() => {
    isAllowed.current = false;
  }, [draft]);
  useBlocker({
    shouldBlockFn: () => isChanged && !isAllowed.current && !window.confirm(translate('models.leave_unsaved')),
    enableBeforeUnload: () => isChanged && !isAllowed.current,
  });
  return {
    allow: () => {
      isAllowed.current = true;
    },
  };
}
