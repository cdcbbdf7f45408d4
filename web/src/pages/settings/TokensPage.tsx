import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { query, useSending, type DataOf } from '../../api';
import {
  ProjectTokensDocument,
  ServiceAccountEndDocument,
  ServiceAccountMakeDocument,
  type Role,
} from '../../api/operations';
import { useT } from '../../i18n';
import { RouteMissing } from '../../shell/RouteMissing';
import {
  Button, Card, Chip, ConfirmDialog, Dialog, Field, Loaded, PageHeader, Section, Select, TextInput,
} from '../../ui';
import { FormErrors } from '../lifecycle/FormErrors';
import { TokenDialog, type TokenOwner } from './TokenDialog';
import { TokenTable } from './TokenTable';
import styles from './settings.module.css';

const ROLES = ['REPORTER', 'DEVELOPER', 'MAINTAINER'] as const satisfies readonly Role[];

type Project = NonNullable<DataOf<typeof ProjectTokensDocument>['project']>;
type Account = NonNullable<Project['serviceAccounts']>['nodes'][number];

/** Tokens of the project itself, and machines with a name of their own. */
export function TokensPage() {
  const { project } = useParams({ from: '/p/$project/tokens' });
  const tokens = useQuery(query(ProjectTokensDocument, { project }));
  return (
    <Loaded query={tokens}>
      {(data) => (data.project ? <Tokens path={project} project={data.project} /> : <RouteMissing />)}
    </Loaded>
  );
}

function Tokens({ path, project }: { readonly path: string; readonly project: Project }) {
  const t = useT();
  const [owner, setOwner] = useState<TokenOwner | null>(null);
  const [isAdding, setAdding] = useState(false);
  const [ending, setEnding] = useState<Account | null>(null);
  const end = useSending(ServiceAccountEndDocument, ['ProjectTokens']);
  return (
    <>
      <PageHeader
        title={t('settings.tokens')}
        description={t('settings.tokens_about')}
        actions={
          project.viewerCanManage && (
            <>
              <Button onClick={() => setAdding(true)}>{t('settings.new_account')}</Button>
              <Button variant="primary" onClick={() => setOwner({ project: path })}>
                {t('settings.new_token')}
              </Button>
            </>
          )
        }
      />
      <TokenTable caption={t('settings.tokens')} tokens={project.tokens?.nodes ?? []} />
      <Section title={t('settings.accounts')}>
        {project.serviceAccounts?.nodes.length === 0 && <p className={styles.quiet}>{t('settings.no_accounts')}</p>}
        {project.serviceAccounts?.nodes.map((account) => (
          <Card key={account.id}>
            <div className={styles.account}>
              <h3 className={styles.accountName}>
                {account.name} <Chip tone="neutral">{t(`settings.role_${account.role}`)}</Chip>
              </h3>
              {account.viewerCanUpdate && (
                <div className={styles.actions}>
                  <Button size="s" onClick={() => setOwner({ account: account.id })}>
                    {t('settings.new_token')}
                  </Button>
                  <Button size="s" variant="quiet" onClick={() => setEnding(account)}>
                    {t('settings.delete')}
                  </Button>
                </div>
              )}
            </div>
            {account.description !== '' && <p className={styles.quiet}>{account.description}</p>}
            <div className={styles.tokens}>
              <TokenTable caption={account.name} tokens={account.tokens.nodes} />
            </div>
          </Card>
        ))}
      </Section>
      {owner && <TokenDialog owner={owner} onClose={() => setOwner(null)} />}
      {isAdding && <AccountDialog path={path} onClose={() => setAdding(false)} />}
      <ConfirmDialog
        open={ending !== null}
        onClose={() => setEnding(null)}
        onConfirm={async () => {
          if ((await end.send({ input: { id: ending?.id ?? '' } })) !== null) setEnding(null);
        }}
        title={t('settings.delete_account', { name: ending?.name ?? '' })}
        confirmLabel={t('settings.delete')}
        busy={end.isBusy}
        problem={end.errors[0]?.message ?? end.failure?.message}
      >
        {t('settings.delete_account_about')}
      </ConfirmDialog>
    </>
  );
}

function AccountDialog({ path, onClose }: { readonly path: string; readonly onClose: () => void }) {
  const t = useT();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [role, setRole] = useState<Role>('DEVELOPER');
  const make = useSending(ServiceAccountMakeDocument, ['ProjectTokens']);
  return (
    <Dialog open onClose={onClose} title={t('settings.new_account')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          const input = { groupOrProject: { project: { path } }, name, description, role };
          void make.send({ input }).then((sent) => sent !== null && onClose());
        }}
      >
        <Field label={t('settings.name')} required error={make.errorAt('name')}>
          <TextInput value={name} onChange={(event) => setName(event.target.value)} autoComplete="off" />
        </Field>
        <Field label={t('settings.description')} error={make.errorAt('description')}>
          <TextInput value={description} onChange={(event) => setDescription(event.target.value)} />
        </Field>
        <Field label={t('settings.role')} error={make.errorAt('role')}>
          <Select
            items={ROLES.map((value) => ({ value, label: t(`settings.role_${value}`) }))}
            value={role}
            onChange={setRole}
          />
        </Field>
        <FormErrors sending={make} shown={['name', 'description', 'role']} />
        <div className={styles.actions}>
          <Button variant="quiet" onClick={onClose}>
            {t('settings.cancel')}
          </Button>
          <Button variant="primary" type="submit" busy={make.isBusy} disabled={name.trim() === ''}>
            {t('settings.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
