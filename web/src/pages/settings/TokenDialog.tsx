import { useState } from 'react';
import { useSending } from '../../api';
import { TokenMakeDocument, type Role, type TokenScope } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Checkbox, CopyButton, Dialog, Field, Select, TextInput } from '../../ui';
import { FormErrors } from '../lifecycle/FormErrors';
import styles from './settings.module.css';

/** For whom a token is made: a project by its path, or a service account by its id. */
export type TokenOwner = { readonly project: string } | { readonly account: string };

const SCOPES = [
  'API', 'READ_API', 'READ_REGISTRY', 'WRITE_REGISTRY', 'WRITE_CANDIDATES', 'READ_ARTIFACTS', 'PROMOTE', 'MANAGE_ACCESS',
  'MANAGE_PROJECT',
] as const satisfies readonly TokenScope[];
const ROLES = ['REPORTER', 'DEVELOPER', 'MAINTAINER'] as const satisfies readonly Role[];

interface Props {
  readonly owner: TokenOwner;
  readonly onClose: () => void;
}

/** Make a token; its secret is shown once. */
export function TokenDialog({ owner, onClose }: Props) {
  const t = useT();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('DEVELOPER');
  const [scopes, setScopes] = useState<readonly TokenScope[]>(['API']);
  const [lastDay, setLastDay] = useState('');
  const [secret, setSecret] = useState<string | null>(null);
  const make = useSending(TokenMakeDocument, ['ProjectTokens']);

  async function save() {
    const whose =
      'project' in owner
        ? { groupOrProject: { project: { path: owner.project } }, role }
        : { serviceAccountId: owner.account };
    const expiresAt = lastDay === '' ? null : new Date(`${lastDay}T23:59:59Z`).toISOString();
    const sent = await make.send({ input: { ...whose, name, scopes: [...scopes], expiresAt } });
    setSecret(sent?.tokenCreate.secret ?? null);
  }

  if (secret !== null) {
    return (
      <Dialog open onClose={onClose} title={t('settings.new_token')}>
        <div className={styles.form}>
          <p>{t('settings.secret_about')}</p>
          <code className={styles.secret}>{secret}</code>
          <div className={styles.actions}>
            <CopyButton text={secret} label={t('settings.copy')} />
            <Button variant="primary" onClick={onClose}>
              {t('settings.done')}
            </Button>
          </div>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog open onClose={onClose} title={t('settings.new_token')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label={t('settings.name')} required error={make.errorAt('name')}>
          <TextInput value={name} onChange={(event) => setName(event.target.value)} autoComplete="off" />
        </Field>
        {'project' in owner && (
          <Field label={t('settings.role')} error={make.errorAt('role')}>
            <Select
              items={ROLES.map((value) => ({ value, label: t(`settings.role_${value}`) }))}
              value={role}
              onChange={setRole}
            />
          </Field>
        )}
        <fieldset className={styles.choices}>
          <legend>{t('settings.scopes')}</legend>
          {SCOPES.map((scope) => (
            <Checkbox
              key={scope}
              label={scope.toLowerCase()}
              checked={scopes.includes(scope)}
              onChange={(checked) =>
                setScopes(checked ? [...scopes, scope] : scopes.filter((one) => one !== scope))
              }
            />
          ))}
        </fieldset>
        <Field label={t('settings.last_day')} hint={t('settings.last_day_hint')} error={make.errorAt('expiresAt')}>
          <TextInput type="date" value={lastDay} onChange={(event) => setLastDay(event.target.value)} />
        </Field>
        <FormErrors sending={make} shown={['name', 'role', 'expiresAt']} />
        <div className={styles.actions}>
          <Button variant="quiet" onClick={onClose}>
            {t('settings.cancel')}
          </Button>
          <Button
            variant="primary"
            type="submit"
            busy={make.isBusy}
            disabled={name.trim() === '' || scopes.length === 0}
          >
            {t('settings.make_token')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
