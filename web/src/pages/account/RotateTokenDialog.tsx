import { useState, type FormEvent } from 'react';
import { useSending } from '../../api';
import { TokenRotateDocument, type TokenLineFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Dialog, Field, Select, TextInput } from '../../ui';
import { FormProblems } from '../namespaces/FormProblems';
import { dateIn, endOfDay } from './tokens';
import styles from './forms.module.css';

const HOUR_SECONDS = 3_600;
/** How long the old token may go on, in hours. */
const OVERLAPS = [0, 1, 24, 168] as const;
const FIELDS = ['overlapSeconds', 'expiresAt'];

interface Props {
  readonly token: TokenLineFragment;
  /** Gets the new secret, or null when there is none. */
  readonly onDone: (secret: string | null) => void;
}

/** Replace a token by a new one that may do the same. */
export function RotateTokenDialog({ token, onDone }: Props) {
  const t = useT();
  const [hours, setHours] = useState('0');
  const [ends, setEnds] = useState(token.expiresAt === null ? '' : dateIn(90));
  const form = useSending(TokenRotateDocument, ['AccountTokens']);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const expiresAt = endOfDay(ends);
    const input = {
      id: token.id,
      overlapSeconds: Number(hours) * HOUR_SECONDS,
      ...(expiresAt !== undefined && { expiresAt }),
    };
    const secret = (await form.send({ input }))?.tokenRotate.secret;
    if (secret) onDone(secret);
  }

  return (
    <Dialog
      open
      onClose={() => onDone(null)}
      title={t('account.rotate_title', { name: token.name })}
      size="s"
      footer={
        <>
          <Button onClick={() => onDone(null)}>{t('account.cancel')}</Button>
          <Button variant="primary" type="submit" form="rotate-token" busy={form.isBusy}>
            {t('account.rotate')}
          </Button>
        </>
      }
    >
      <form id="rotate-token" className={styles.form} onSubmit={(event) => void submit(event)}>
        <p>{t('account.rotate_more')}</p>
        <Field label={t('account.overlap')} error={form.errorAt('overlapSeconds')}>
          <Select
            items={OVERLAPS.map((one) => ({ value: String(one), label: t('account.overlap_hours', { hours: one }) }))}
            value={hours}
            onChange={setHours}
          />
        </Field>
        <Field label={t('account.ends')} hint={t('account.ends_hint')} error={form.errorAt('expiresAt')}>
          <TextInput type="date" value={ends} onChange={(event) => setEnds(event.target.value)} min={dateIn(1)} />
        </Field>
        <FormProblems sending={form} fields={FIELDS} />
      </form>
    </Dialog>
  );
}
