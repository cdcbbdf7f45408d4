import { useState, type FormEvent } from 'react';
import { useSending } from '../../api';
import { PasswordChangeDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { useCurrent } from '../../shell/current';
import { Button, Field, TextInput, toast } from '../../ui';
import { FormProblems } from '../namespaces/FormProblems';
import styles from './AccountPage.module.css';

const FIELDS = ['currentPassword', 'newPassword'];

/** Another password; all other sessions end. */
export function PasswordTab() {
  const t = useT();
  const { user } = useCurrent();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const form = useSending(PasswordChangeDocument, ['AccountSessions']);
  const differs = again !== '' && again !== next;

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (again !== next) return;
    const answer = await form.send({ input: { currentPassword: current, newPassword: next } });
    if (answer === null) return;
    setCurrent('');
    setNext('');
    setAgain('');
    const count = answer.passwordChange.endedSessionCount ?? 0;
    toast({ title: t('account.password_changed', { count }), tone: 'good' });
  }

  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)}>
      <p>{t('account.password_more')}</p>
      <input type="text" autoComplete="username" value={user?.username ?? ''} readOnly hidden />
      <Field label={t('account.current_password')} error={form.errorAt('currentPassword')} required>
        <TextInput type="password" autoComplete="current-password" value={current} onChange={(event) => setCurrent(event.target.value)} />
      </Field>
      <Field label={t('account.new_password')} error={form.errorAt('newPassword')} required>
        <TextInput type="password" autoComplete="new-password" value={next} onChange={(event) => setNext(event.target.value)} />
      </Field>
      <Field
        label={t('account.new_password_again')}
        error={differs ? t('account.passwords_differ') : undefined}
        required
      >
        <TextInput type="password" autoComplete="new-password" value={again} onChange={(event) => setAgain(event.target.value)} />
      </Field>
      <FormProblems sending={form} fields={FIELDS} />
      <div>
        <Button
          variant="primary"
          type="submit"
          busy={form.isBusy}
          disabled={current === '' || next === '' || next !== again}
        >
          {t('account.change_password')}
        </Button>
      </div>
    </form>
  );
}
