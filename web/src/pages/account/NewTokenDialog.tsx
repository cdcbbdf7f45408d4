import { useState, type FormEvent } from 'react';
import { useSending } from '../../api';
import { TokenCreateDocument, type TokenScope } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Checkbox, Dialog, Field, TextInput } from '../../ui';
import { FormProblems } from '../namespaces/FormProblems';
import { dateIn, endOfDay, PERSONAL_SCOPES } from './tokens';
import styles from './forms.module.css';

/** The end that is proposed. */
const PROPOSED_DAYS = 90;
const FIELDS = ['name', 'scopes', 'expiresAt', 'modelPatterns'];

/** A new personal token; `onDone` gets its secret, or null when it was not made. */
export function NewTokenDialog({ onDone }: { readonly onDone: (secret: string | null) => void }) {
  const t = useT();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly TokenScope[]>(['API']);
  const [ends, setEnds] = useState(dateIn(PROPOSED_DAYS));
  const [patterns, setPatterns] = useState('');
  const form = useSending(TokenCreateDocument, ['AccountTokens']);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const expiresAt = endOfDay(ends);
    const modelPatterns = patterns.split(/[\s,]+/).filter((one) => one !== '');
    const input = {
      name,
      scopes: [...scopes],
      ...(expiresAt !== undefined && { expiresAt }),
      ...(modelPatterns.length > 0 && { modelPatterns }),
    };
    const secret = (await form.send({ input }))?.tokenCreate.secret;
    if (secret) onDone(secret);
  }

  return (
    <Dialog
      open
      onClose={() => onDone(null)}
      title={t('account.new_token')}
      footer={
        <>
          <Button onClick={() => onDone(null)}>{t('account.cancel')}</Button>
          <Button
            variant="primary"
            type="submit"
            form="new-token"
            busy={form.isBusy}
            disabled={name === '' || scopes.length === 0}
          >
            {t('account.create_token')}
          </Button>
        </>
      }
    >
      <form id="new-token" className={styles.form} onSubmit={(event) => void submit(event)}>
        <Field label={t('account.token_name')} hint={t('account.token_name_hint')} error={form.errorAt('name')} required>
          <TextInput value={name} onChange={(event) => setName(event.target.value)} autoFocus maxLength={255} />
        </Field>
        <fieldset className={styles.fieldset}>
          <legend>{t('account.scopes')}</legend>
          {PERSONAL_SCOPES.map((scope) => (
            <Checkbox
              key={scope}
              label={t(`account.scope_${scope}`)}
              hint={t(`account.scope_${scope}_more`)}
              checked={scopes.includes(scope)}
              onChange={(value) => setScopes(value ? [...scopes, scope] : scopes.filter((one) => one !== scope))}
            />
          ))}
          {form.errorAt('scopes') && (
            <p role="alert" className={styles.refused}>
              {form.errorAt('scopes')}
            </p>
          )}
        </fieldset>
        <Field label={t('account.ends')} hint={t('account.ends_hint')} error={form.errorAt('expiresAt')}>
          <TextInput type="date" value={ends} onChange={(event) => setEnds(event.target.value)} min={dateIn(1)} />
        </Field>
        <Field label={t('account.models')} hint={t('account.models_hint')} error={form.errorAt('modelPatterns')}>
          <TextInput value={patterns} onChange={(event) => setPatterns(event.target.value)} spellCheck={false} />
        </Field>
        <FormProblems sending={form} fields={FIELDS} />
      </form>
    </Dialog>
  );
}
