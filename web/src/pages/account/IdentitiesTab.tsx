import { useQuery } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import { query, useSending, type DataOf } from '../../api';
import { AccountIdentitiesDocument, IdentityDeleteDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Loaded, Skeleton, Table, Time, type Column } from '../../ui';
import styles from './AccountPage.module.css';

type Identity = NonNullable<NonNullable<DataOf<typeof AccountIdentitiesDocument>['viewer']>['identities']>[number];

/** Who the person is at OpenID providers. */
export function IdentitiesTab() {
  const t = useT();
  const { publicHref } = useLocation();
  const result = useQuery(query(AccountIdentitiesDocument, {}));
  const removal = useSending(IdentityDeleteDocument, ['AccountIdentities']);
  const columns: Column<Identity>[] = [
    { id: 'provider', header: t('account.provider'), cell: (identity) => identity.provider.title },
    { id: 'email', header: t('account.email'), cell: (identity) => identity.email ?? '' },
    { id: 'used', header: t('account.last_used'), cell: (identity) => <Time at={identity.lastUsedAt} /> },
    { id: 'created', header: t('account.linked'), cell: (identity) => <Time at={identity.createdAt} />, hideOnPhone: true },
    {
      id: 'actions',
      header: t('account.actions'),
      align: 'end',
      cell: (identity) => (
        <Button size="s" busy={removal.isBusy} onClick={() => void removal.send({ input: { id: identity.id } })}>
          {t('account.unlink')}
        </Button>
      ),
    },
  ];
  return (
    <Loaded query={result} skeleton={<Skeleton rows={3} />}>
      {({ viewer, signInMethods }) => (
        <>
          <div className={styles.bar}>
            <p>{t(signInMethods.providers.length === 0 ? 'account.no_providers' : 'account.identities_more')}</p>
            {signInMethods.providers.length > 0 && <a href={`/account?return_to=${encodeURIComponent(publicHref)}#identities`}>{t('account.link_identity')}</a>}
          </div>
          {(removal.failure ?? removal.errors[0]) && (
            <p role="alert">{removal.failure?.message ?? removal.errors[0]?.message}</p>
          )}
          {signInMethods.providers.length > 0 && (
            <Table
              caption={t('account.tab_identities')}
              columns={columns}
              rows={viewer?.identities ?? []}
              rowKey={(identity) => identity.id}
              empty={t('account.no_identities')}
            />
          )}
        </>
      )}
    </Loaded>
  );
}
