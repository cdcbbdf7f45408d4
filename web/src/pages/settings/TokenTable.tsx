import { useSending } from '../../api';
import { TokenEndDocument, type TokenShownFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Chip, Table, Time, type Column } from '../../ui';
import { FormErrors } from '../lifecycle/FormErrors';

interface Props {
  readonly caption: string;
  readonly tokens: readonly TokenShownFragment[];
}

/** Tokens with what they may do and when they were last used; never their secrets, which only their maker saw. */
export function TokenTable({ caption, tokens }: Props) {
  const t = useT();
  const end = useSending(TokenEndDocument, ['ProjectTokens', 'AccountTokens']);
  const columns: readonly Column<TokenShownFragment>[] = [
    { id: 'name', header: t('settings.name'), cell: ({ name }) => name },
    {
      id: 'scopes',
      header: t('settings.scopes'),
      cell: ({ scopes }) => scopes.map((scope) => scope.toLowerCase()).join(', '),
    },
    {
      id: 'ends',
      header: t('settings.ends'),
      cell: ({ expiresAt, isExpiring, revokedAt }) =>
        revokedAt ? (
          <Chip tone="neutral">{t('settings.revoked')}</Chip>
        ) : expiresAt ? (
          <Chip tone={isExpiring ? 'warn' : 'neutral'}>
            <Time at={expiresAt} />
          </Chip>
        ) : (
          t('settings.never')
        ),
    },
    {
      id: 'used',
      header: t('settings.last_used'),
      cell: ({ lastUsedAt }) => (lastUsedAt ? <Time at={lastUsedAt} /> : t('settings.never')),
      hideOnPhone: true,
    },
    {
      id: 'revoke',
      header: '',
      cell: ({ id, viewerCanRevoke, revokedAt }) =>
        viewerCanRevoke &&
        !revokedAt && (
          <Button size="s" variant="quiet" onClick={() => void end.send({ input: { id } })}>
            {t('settings.revoke')}
          </Button>
        ),
    },
  ];
  return (
    <>
      <FormErrors sending={end} shown={[]} />
      <Table
        caption={caption}
        columns={columns}
        rows={tokens}
        rowKey={({ id }) => id}
        empty={<p>{t('settings.no_tokens')}</p>}
      />
    </>
  );
}
