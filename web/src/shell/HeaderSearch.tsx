import { useNavigate } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useRef, useState, type FormEvent } from 'react';
import { useT } from '../i18n';
import { IconButton, Kbd } from '../ui';
import { useProjectPath } from './current';
import { openPalette } from './palette/open';
import { useKey } from './keys';
import styles from './HeaderSearch.module.css';

/** The search over the project, or over everything outside of one; `/` leads into it. */
export function HeaderSearch() {
  const t = useT();
  const navigate = useNavigate();
  const project = useProjectPath();
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useKey('/', () => {
    // On phones there is no room for the box.
    if (input.current?.offsetParent == null) openPalette();
    else input.current.focus();
  });

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (text.trim() === '') return;
    void navigate({ to: '/-/search', search: { q: text.trim(), ...(project !== undefined && { project }) } });
  }

  return (
    <>
      <form role="search" className={styles.form} onSubmit={submit}>
        <Search aria-hidden="true" className={styles.icon} />
        <input
          ref={input}
          className={styles.input}
          type="search"
          maxLength={255}
          value={text}
          aria-label={t(project === undefined ? 'shell.search_everything' : 'shell.search_project')}
          placeholder={t(project === undefined ? 'shell.search_everything' : 'shell.search_project')}
          aria-keyshortcuts="/"
          onChange={(event) => setText(event.target.value)}
        />
        <button type="button" className={styles.palette} aria-keyshortcuts="Control+K" onClick={() => openPalette()}>
          <span className={styles.hidden}>{t('shell.palette')}</span>
          <Kbd>{navigator.platform.startsWith('Mac') ? '⌘K' : 'Ctrl K'}</Kbd>
        </button>
      </form>
      <span className={styles.onlyPhone}>
        <IconButton icon={<Search />} label={t('shell.palette')} onClick={() => openPalette()} />
      </span>
    </>
  );
}
