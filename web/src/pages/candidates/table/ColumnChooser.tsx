import { ArrowDown, ArrowUp, Pin, PinOff } from 'lucide-react';
import { useState } from 'react';
import { useT } from '../../../i18n';
import { Button, Checkbox, Dialog, IconButton, TextInput } from '../../../ui';
import styles from './ColumnChooser.module.css';
import { ATTRIBUTES, COLUMN_GROUPS, type LoggedKeys } from './columns';
import { columnTitle } from './useGridColumns';
import type { TableColumns } from './useTableState';

/** More lines are found by looking for them. */
const MOST_LINES = 200;

/** Which columns a table shows, in which order, and which stay at its left edge. */
export function ColumnChooser({ keys, columns, onClose }: { readonly keys: LoggedKeys; readonly columns: TableColumns; readonly onClose: () => void }) {
  const t = useT();
  const [text, setText] = useState('');
  const all = { a: ATTRIBUTES, m: keys.m, p: keys.p, t: keys.t };
  const isShown = (id: string) => columns.shown.some((column) => column.id === id);
  return (
    <Dialog
      open
      onClose={onClose}
      size="l"
      title={t('candidates.columns')}
      footer={
        <>
          <Button variant="quiet" disabled={columns.isUsual} onClick={columns.reset}>
            {t('candidates.columns_usual')}
          </Button>
          <Button variant="primary" onClick={onClose}>
            {t('candidates.done')}
          </Button>
        </>
      }
    >
      <div className={styles.halves}>
        <section className={styles.half}>
          <TextInput value={text} onChange={(event) => setText(event.currentTarget.value)} aria-label={t('candidates.columns_search')} placeholder={t('candidates.columns_search')} />
          <div className={styles.scroll}>
            {COLUMN_GROUPS.map((group) => {
              const ids = all[group].map((key) => `${group}.${key}`).filter((id) => columnTitle(id, t).toLowerCase().includes(text.toLowerCase()));
              return (
                ids.length > 0 && (
                  <fieldset key={group} className={styles.group}>
                    <legend>{t(`candidates.column_group.${group}`)}</legend>
                    {ids.slice(0, MOST_LINES).map((id) => (
                      <Checkbox key={id} checked={isShown(id)} disabled={id === 'a.name'} onChange={() => columns.toggle(id)} label={columnTitle(id, t)} />
                    ))}
                  </fieldset>
                )
              );
            })}
          </div>
        </section>
        <section className={styles.half}>
          <h3 className={styles.heading}>{t('candidates.columns_order')}</h3>
          <ol className={styles.scroll}>
            {columns.shown.map(({ id, isPinned }, index) => {
              const title = columnTitle(id, t);
              return (
                <li key={id} className={styles.line}>
                  <span className={styles.title} title={title}>
                    {title}
                  </span>
                  <IconButton
                    label={t(isPinned ? 'candidates.unpin' : 'candidates.pin', { column: title })}
                    icon={isPinned ? <PinOff size={14} aria-hidden /> : <Pin size={14} aria-hidden />}
                    onClick={() => columns.pin(id, !isPinned)}
                  />
                  <IconButton label={t('candidates.move_up', { column: title })} icon={<ArrowUp size={14} aria-hidden />} disabled={index === 0} onClick={() => columns.move(id, -1)} />
                  <IconButton
                    label={t('candidates.move_down', { column: title })}
                    icon={<ArrowDown size={14} aria-hidden />}
                    disabled={index === columns.shown.length - 1}
                    onClick={() => columns.move(id, 1)}
                  />
                </li>
              );
            })}
          </ol>
        </section>
      </div>
    </Dialog>
  );
}
