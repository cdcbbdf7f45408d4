import { Ellipsis, RefreshCw, Trash2 } from 'lucide-react';
import type { TokenLineFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip, IconButton, Menu, Table, Time, type Column } from '../../ui';
import { stateOf, type TokenState } from './tokens';
import styles from './AccountPage.module.css';

const TONES = { active: 'good', expiring: 'warn', expired: 'neutral', revoked: 'neutral' } as const satisfies Record<
  TokenState,
  string
>;

interface Props {
  readonly tokens: readonly TokenLineFragment[];
  readonly onRotate: (token: TokenLineFragment) => void;
  readonly onRevoke: (token: TokenLineFragment) => void;
}

/** Tokens with what they may do, when they end and when they were used. */
export function TokenTable({ tokens, onRotate, onRevoke }: Props) {
  const t = useT();
  const now = Date.now();
  const columns: Column<TokenLineFragment>[] = [
    {
      id: 'name',
      header: t('account.token_name'),
      cell: (token) => (
        <>
          <div>{token.name}</div>
          {token.modelPatterns !== null && (
            <div className={styles.muted}>{t('account.token_models', { patterns: token.modelPatterns.join(', ') })}</div>
          )}
        </>
      ),
    },
    {
      id: 'scopes',
      header: t('account.scopes'),
      cell: (token) => (
        <span className={styles.chips}>
          {token.scopes.map((scope) => (
            <Chip key={scope} tone="neutral">
              {t(`account.scope_${scope}`)}
            </Chip>
          ))}
        </span>
      ),
    },
    {
      id: 'state',
      header: t('account.state'),
      cell: (token) => {
        const state = stateOf(token, now);
        return <Chip tone={TONES[state]}>{t(`account.state_${state}`)}</Chip>;
      },
    },
    {
      id: 'expires',
      header: t('account.expires'),
      cell: (token) => (token.expiresAt === null ? t('account.never') : <Time at={token.expiresAt} />),
    },
    {
      id: 'used',
      header: t('account.last_used'),
      cell: (token) =>
        token.lastUsedAt === null ? (
          t('account.never_used')
        ) : (
          <>
            <Time at={token.lastUsedAt} />
            <div className={styles.muted}>{[token.lastAddress, token.lastClient].filter(Boolean).join(' · ')}</div>
          </>
        ),
    },
    { id: 'created', header: t('account.created'), cell: (token) => <Time at={token.createdAt} />, hideOnPhone: true },
    {
      id: 'actions',
      header: t('account.actions'),
      align: 'end',
      cell: (token) =>
        token.viewerCanRevoke &&
        token.revokedAt === null && (
          <Menu
            trigger={<IconButton icon={<Ellipsis />} label={t('account.actions_for', { name: token.name })} />}
            items={[
              { label: t('account.rotate'), icon: <RefreshCw />, onSelect: () => onRotate(token) },
              { label: t('account.revoke'), icon: <Trash2 />, onSelect: () => onRevoke(token), danger: true },
            ]}
          />
        ),
    },
  ];
  return (
    <Table
      caption={t('account.tab_tokens')}
      columns={columns}
      rows={tokens}
      rowKey={(token) => token.id}
      empty={t('account.no_tokens')}
    />
  );
}
