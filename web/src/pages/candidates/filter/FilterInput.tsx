import { useEffect, useId, useMemo, useRef, useState, type ComponentPropsWithoutRef } from 'react';
import type { Failure } from '../../../api';
import { useT } from '../../../i18n';
import { Button } from '../../../ui';
import type { LoggedKeys } from '../table/columns';
import { completionAt, type ValuesOf } from './completion';
import styles from './FilterInput.module.css';
import { Underlined } from './Underlined';
import { useCompletedInput } from './useCompletedInput';

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
  const [scroll, setScroll] = useState(0);
  const problemId = useId();
  useEffect(() => setText(value), [value]);
  const Completed = useCompletedInput(input);
  const completion = useMemo(() => completionAt(text, cursor, keys, valuesOf), [text, cursor, keys, valuesOf]);
  const position = text === value ? positionOf(failure) : null;
  const problem = text === value && failure?.code === 'INVALID_FILTER' ? failure.message : null;
  const change = (next: string, at: number) => {
    setText(next);
    setCursor(at);
    setOpen(true);
  };
  const native: Omit<ComponentPropsWithoutRef<'input'>, 'value' | 'onChange'> = {
    className: styles.input,
    'aria-label': t('candidates.filter'),
    'aria-invalid': problem !== null,
    'aria-describedby': problem === null ? undefined : problemId,
    placeholder: t('candidates.filter_example'),
    spellCheck: false,
    autoCapitalize: 'off',
    autoCorrect: 'off',
    onSelect: (event) => setCursor(event.currentTarget.selectionStart ?? 0),
    onScroll: (event) => setScroll(event.currentTarget.scrollLeft),
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
      <div className={styles.box} data-invalid={problem === null ? undefined : ''}>
        {position !== null && <Underlined text={text} position={position} scroll={scroll} />}
        {Completed === null ? (
          <input ref={input} {...native} value={text} onChange={({ currentTarget: { value, selectionStart } }) => change(value, selectionStart ?? 0)} />
        ) : (
          <Completed input={input} native={native} text={text} onText={change} completion={completion} open={isOpen} onOpenChange={setOpen} />
        )}
      </div>
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
