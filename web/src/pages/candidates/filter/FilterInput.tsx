import { Autocomplete } from '@base-ui/react/autocomplete';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { Failure } from '../../../api';
import { useT } from '../../../i18n';
import { Button } from '../../../ui';
import type { LoggedKeys } from '../table/columns';
import { completed, completionAt, type Suggestion, type ValuesOf } from './completion';
import styles from './FilterInput.module.css';
import { Underlined } from './Underlined';

interface Props {
  /** The filter that the table shows. */
  readonly value: string;
  readonly onApply: (filter: string) => void;
  readonly keys: LoggedKeys;
  readonly valuesOf: ValuesOf;
  /** Why the server refused `value`. */
  readonly failure: Failure | null;
}

/** Where the server says a filter is wrong; it stands in its sentence. */
function positionOf(failure: Failure | null): number | null {
  const found = failure?.code === 'INVALID_FILTER' ? /\(at character (\d+)\)$/.exec(failure.message) : null;
  return found ? Number(found[1]) : null;
}

/** The filter of a table of candidates, with completion; what is wrong with it is underlined. */
export function FilterInput({ value, onApply, keys, valuesOf, failure }: Props) {
  const t = useT();
  const [text, setText] = useState(value);
  const [cursor, setCursor] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const moveTo = useRef<number | null>(null);
  const [scroll, setScroll] = useState(0);
  const problemId = useId();
  useEffect(() => setText(value), [value]);
  useLayoutEffect(() => {
    if (moveTo.current === null) return;
    input.current?.setSelectionRange(moveTo.current, moveTo.current);
    moveTo.current = null;
  });
  const completion = useMemo(() => completionAt(text, cursor, keys, valuesOf), [text, cursor, keys, valuesOf]);
  const position = text === value ? positionOf(failure) : null;
  const problem = text === value && failure?.code === 'INVALID_FILTER' ? failure.message : null;
  const change = (next: string, at: number) => {
    setText(next);
    setCursor(at);
    setOpen(true);
  };
  return (
    <form
      className={styles.form}
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        setOpen(false);
        onApply(text.trim());
      }}
    >
      <Autocomplete.Root<Suggestion>
        items={completion.suggestions}
        mode="none"
        value={text}
        open={isOpen && completion.suggestions.length > 0}
        onOpenChange={setOpen}
        itemToStringValue={(one) => one.text}
        onValueChange={(next, { reason }) => {
          // Escape closes the list; once more, it would clear what was typed.
          if (reason === 'escape-key') return;
          if (reason !== 'item-press') return change(next, input.current?.selectionStart ?? next.length);
          const done = completed(text, completion, next);
          moveTo.current = done.cursor;
          change(done.text, done.cursor);
        }}
      >
        <div className={styles.box} data-invalid={problem === null ? undefined : ''}>
          {position !== null && <Underlined text={text} position={position} scroll={scroll} />}
          <Autocomplete.Input
            ref={input}
            className={styles.input}
            aria-label={t('candidates.filter')}
            aria-invalid={problem !== null}
            aria-describedby={problem === null ? undefined : problemId}
            placeholder={t('candidates.filter_example')}
            spellCheck={false}
            autoCapitalize="off"
            autoCorrect="off"
            onSelect={(event) => setCursor(event.currentTarget.selectionStart ?? 0)}
            onScroll={(event) => setScroll(event.currentTarget.scrollLeft)}
          />
        </div>
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
      <Button type="submit" variant="secondary">
        {t('candidates.filter_apply')}
      </Button>
      {(value !== '' || text !== '') && (
        <Button type="button" variant="quiet" onClick={() => (setText(''), onApply(''))}>
          {t('candidates.filter_clear')}
        </Button>
      )}
      {problem !== null && (
        <p id={problemId} className={styles.problem} role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}
