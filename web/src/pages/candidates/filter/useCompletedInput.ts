import { useEffect, useLayoutEffect, useRef, useState, type ComponentType, type RefObject } from 'react';
import type { CompletedInputProps } from './CompletedInput';

/** Milliseconds after the page at which completion is loaded, unless the field gets the focus before. */
const SOON = 1_000;

type Loaded = ComponentType<CompletedInputProps>;

/**
 * The field with completion, once its script is here; until then a plain one stands in its place, and takes what is typed.
 * The focus and the cursor go over to it, and a character that is being composed is waited for.
 */
export function useCompletedInput(input: RefObject<HTMLInputElement | null>): Loaded | null {
  const [field, setField] = useState<Loaded | null>(null);
  const cursor = useRef<[number, number] | null>(null);
  useEffect(() => {
    const plain = input.current;
    if (plain === null) return;
    const ended = new AbortController();
    const { signal } = ended;
    let isComposing = false;
    let loaded: Loaded | null = null;
    const replace = () => {
      if (loaded === null || isComposing || signal.aborted) return;
      const Field: Loaded = loaded;
      if (document.activeElement === plain) cursor.current = [plain.selectionStart ?? 0, plain.selectionEnd ?? 0];
      ended.abort();
      setField(() => Field);
    };
    const load = async () => {
      try {
        loaded = (await import('./CompletedInput')).CompletedInput;
      } catch {
        return; // Without a connection the field goes on without completion; the next focus tries again.
      }
      replace();
    };
    const compose = ({ type }: Event) => {
      isComposing = type === 'compositionstart';
      // After React has taken the character that is done.
      if (!isComposing) setTimeout(replace);
    };
    for (const type of ['compositionstart', 'compositionend']) plain.addEventListener(type, compose, { signal });
    plain.addEventListener('focus', () => void load(), { signal });
    const timer = setTimeout(() => void load(), SOON);
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [input]);
  useLayoutEffect(() => {
    if (cursor.current === null) return;
    input.current?.focus();
    input.current?.setSelectionRange(...cursor.current);
    cursor.current = null;
  }, [field, input]);
  return field;
}
