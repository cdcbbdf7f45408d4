import { Search, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useT } from '../../i18n';
import { classes } from '../classes';
import { Kbd } from '../values/Kbd';
import control from './control.module.css';
import { isTyping } from './isTyping';
import styles from './SearchInput.module.css';

export interface SearchInputProps {
  /** What is searched for now; usually from the address. */
  readonly value: string;
  /** Called when the typing has paused for 200 ms, at once with Enter and when it is emptied. */
  readonly onChange: (value: string) => void;
  readonly placeholder?: string | undefined;
  readonly label?: string | undefined;
  /** `/` leads here: for one on each page. */
  readonly isMain?: boolean | undefined;
}

const PAUSE = 200;

export function SearchInput({ value, onChange, placeholder, label, isMain = false }: SearchInputProps) {
  const t = useT();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const sent = useRef(value);
  const send = useRef(onChange);
  send.current = onChange;
  useEffect(() => {
    // Only what came from elsewhere, such as the back button: not the answer to what was typed here.
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  const tell = (next: string) => {
    if (next === sent.current) return;
    sent.current = next;
    send.current(next);
  };
  useEffect(() => {
    const timer = setTimeout(() => tell(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  useEffect(() => {
    if (!isMain) return;
    const focus = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event)) return;
      event.preventDefault();
      input.current?.select();
      input.current?.focus();
    };
    document.addEventListener('keydown', focus);
    return () => document.removeEventListener('keydown', focus);
  }, [isMain]);
  return (
    <div className={classes(control.control, styles.search)} role="search">
      <Search className={styles.icon} aria-hidden />
      <input
        ref={input}
        type="search"
        className={styles.input}
        value={text}
        placeholder={placeholder}
        aria-label={label ?? placeholder ?? t('ui.search')}
        aria-keyshortcuts={isMain ? '/' : undefined}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') tell(text);
          if (event.key === 'Escape' && text !== '') {
            event.stopPropagation();
            setText('');
            tell('');
          }
        }}
      />
      {text !== '' ? (
        <button
          type="button"
          className={styles.clear}
          aria-label={t('ui.clear')}
          onClick={() => {
            setText('');
            tell('');
            input.current?.focus();
          }}
        >
          <X />
        </button>
      ) : (
        isMain && (
          <span className={styles.key} aria-hidden>
            <Kbd>/</Kbd>
          </span>
        )
      )}
    </div>
  );
}
