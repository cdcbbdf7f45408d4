import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useState } from 'react';
import { query } from '../../api';
import { PaletteDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Kbd } from '../../ui';
import { useCurrent } from '../current';
import { commands, type Command, type CommandGroup } from './commands';
import { foundGroups } from './hits';
import { openPalette } from './open';
import styles from './CommandPalette.module.css';

/** The least text that the server is asked about. */
const LEAST_CHARACTERS = 2;

/** Go anywhere and do anything by typing a part of its name. */
export function CommandPalette() {
  const t = useT();
  const navigate = useNavigate();
  const current = useCurrent();
  const [text, setText] = useState('');
  const search = useDeferredValue(text.trim());
  const project = current.project?.fullPath;
  const { data } = useQuery({
    ...query(PaletteDocument, { search, project: project ?? '', isProject: project !== undefined }),
    enabled: search.length >= LEAST_CHARACTERS,
    placeholderData: keepPreviousData,
  });
  const found = search.length >= LEAST_CHARACTERS && data ? foundGroups(t, navigate, data) : [];
  const groups = [...narrowed(commands(t, navigate, current), search), ...found].filter((group) => group.items.length > 0);

  function run(command: Command): void {
    openPalette(null);
    command.run();
  }

  return (
    <Dialog.Root open onOpenChange={() => openPalette(null)}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.backdrop} />
        <Dialog.Popup className={styles.popup} aria-label={t('shell.palette')}>
          <Autocomplete.Root
            open
            inline
            mode="none"
            autoHighlight="always"
            keepHighlight
            items={groups}
            value={text}
            onValueChange={setText}
            itemToStringValue={(command: Command) => command.label}
          >
            <Autocomplete.Input
              className={styles.input}
              placeholder={t('shell.palette_hint')}
              aria-label={t('shell.palette_hint')}
            />
            <Autocomplete.Empty className={styles.empty}>{t('shell.palette_empty')}</Autocomplete.Empty>
            <Autocomplete.List className={styles.list}>
              {(group: CommandGroup) => (
                <Autocomplete.Group key={group.label} items={group.items}>
                  <Autocomplete.GroupLabel className={styles.heading}>{t(group.label)}</Autocomplete.GroupLabel>
                  <Autocomplete.Collection>
                    {(command: Command) => (
                      <Autocomplete.Item
                        key={command.id}
                        value={command}
                        className={styles.item}
                        onClick={() => run(command)}
                      >
                        <span className={styles.label}>{command.label}</span>
                        <span className={styles.detail}>{command.detail}</span>
                        {command.keys !== undefined && <Kbd>{command.keys}</Kbd>}
                      </Autocomplete.Item>
                    )}
                  </Autocomplete.Collection>
                </Autocomplete.Group>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function narrowed(groups: readonly CommandGroup[], search: string): CommandGroup[] {
  const words = search.toLowerCase().split(/\s+/);
  return groups.map((group) => ({
    ...group,
    items: group.items.filter((one) => {
      const text = `${one.label} ${one.detail ?? ''}`.toLowerCase();
      return words.every((word) => text.includes(word));
    }),
  }));
}
