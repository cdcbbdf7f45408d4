import { Autocomplete } from '@base-ui/react/autocomplete';
import { useLayoutEffect, useRef, type ComponentPropsWithoutRef, type RefObject } from 'react';
import { useT } from '../../../i18n';
import { completed, type Completion, type Suggestion } from './completion';
import styles from './FilterInput.module.css';

export interface CompletedInputProps {
  readonly input: RefObject<HTMLInputElement | null>;
  /** Attributes and events of the field. */
  readonly native: Omit<ComponentPropsWithoutRef<'input'>, 'value' | 'onChange'>;
  readonly text: string;
  /** A new text, and where the cursor stands in it. */
  readonly onText: (text: string, cursor: number) => void;
  readonly completion: Completion;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

/** The field of a filter with what may stand at the cursor. */
export function CompletedInput({ input, native, text, onText, completion, open, onOpenChange }: CompletedInputProps) {
  const t = useT();
  const moveTo = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (moveTo.current === null) return;
    input.current?.setSelectionRange(moveTo.current, moveTo.current);
    moveTo.current = null;
  });
  return (
    <Autocomplete.Root<Suggestion>
      items={completion.suggestions}
      mode="none"
      value={text}
      open={open && completion.suggestions.length > 0}
      onOpenChange={onOpenChange}
      itemToStringValue={(one) => one.text}
      onValueChange={(next, { reason }) => {
        // Escape closes the list; once more, it would clear what was typed.
        if (reason === 'escape-key') return;
        if (reason !== 'item-press') return onText(next, input.current?.selectionStart ?? next.length);
        const done = completed(text, completion, next);
        moveTo.current = done.cursor;
        onText(done.text, done.cursor);
      }}
    >
      <Autocomplete.Input ref={input} {...native} />
      <Autocomplete.Portal>
        <Autocomplete.Positioner className={styles.positioner} align="start" sideOffset={4}>
          <Autocomplete.Popup className={styles.popup}>
            <Autocomplete.List className={styles.list}>
              {(one: Suggestion) => (
                <Autocomplete.Item key={`${one.kind} ${one.text}`} value={one} className={styles.item}>
                  <code>{one.text}</code>
                  <span className={styles.kind}>{t(`candidates.filter_kind.${one.kind}`)}</span>
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Popup>
        </Autocomplete.Positioner>
      </Autocomplete.Portal>
    </Autocomplete.Root>
  );
}
