import { useEffect, useId, useState, type ReactNode } from 'react';
import { useT } from '../../i18n';
import { Button } from '../actions/Button';
import { Field } from '../forms/Field';
import { TextInput } from '../forms/TextInput';
import { Dialog } from './Dialog';
import styles from './ConfirmDialog.module.css';

export interface ConfirmDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
  readonly title: string;
  /** What goes with it. */
  readonly children?: ReactNode;
  /** The verb, such as "Delete model". */
  readonly confirmLabel: string;
  /** What has to be typed first, usually the thing's name. */
  readonly typed?: string | undefined;
  readonly busy?: boolean | undefined;
  /** Why it was refused. */
  readonly problem?: ReactNode;
  /** Not about something that is lost: the button is not red. */
  readonly harmless?: boolean | undefined;
}

/** Asks before something that cannot be taken back. */
export function ConfirmDialog({
  open, onClose, onConfirm, title, children, confirmLabel, typed, busy = false, problem, harmless = false,
}: ConfirmDialogProps) {
  const t = useT();
  const form = useId();
  const [text, setText] = useState('');
  useEffect(() => {
    if (!open) setText('');
  }, [open]);
  const isReady = typed === undefined || text.trim() === typed;
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      size="s"
      footer={
        <>
          <Button onClick={onClose}>{t('ui.cancel')}</Button>
          <Button type="submit" form={form} variant={harmless ? 'primary' : 'danger'} busy={busy} disabled={!isReady}>
            {confirmLabel}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && !busy) onConfirm();
        }}
      >
        {children}
        {typed !== undefined && (
          <Field label={t('ui.type_to_confirm', { text: typed })}>
            <TextInput value={text} onChange={(event) => setText(event.target.value)} autoComplete="off" spellCheck={false} />
          </Field>
        )}
        {problem !== undefined && problem !== null && (
          <p className={styles.problem} role="alert">
            {problem}
          </p>
        )}
      </form>
    </Dialog>
  );
}
