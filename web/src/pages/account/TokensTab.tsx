import { useNavigate, useSearch } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { usePages } from '../../api';
import { AccountTokensDocument, type TokenLineFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Checkbox, LoadMore, Problem, Skeleton } from '../../ui';
import { NewTokenDialog } from './NewTokenDialog';
import { RevokeTokenDialog } from './RevokeTokenDialog';
import { RotateTokenDialog } from './RotateTokenDialog';
import { Secret } from './Secret';
import { stateOf } from './tokens';
import { TokenTable } from './TokenTable';
import styles from './AccountPage.module.css';

type Open = { readonly action: 'rotate' | 'revoke'; readonly token: TokenLineFragment } | null;

/** Personal tokens: made, replaced, revoked; the secret of a new one is shown once. */
export function TokensTab() {
  const t = useT();
  const navigate = useNavigate({ from: '/-/account' });
  const search = useSearch({ from: '/-/account' });
  const [secret, setSecret] = useState<string | null>(null);
  const [open, setOpen] = useState<Open>(null);
  const { rows, query, more } = usePages(AccountTokensDocument, {}, (data) => data.viewer?.tokens);
  const isNew = search.new === true;
  const setNew = (value: boolean) =>
    void navigate({ search: (old) => ({ ...old, new: value ? true : undefined }), replace: true });
  const now = Date.now();
  const shown = rows.filter((token) => search.all === true || !['revoked', 'expired'].includes(stateOf(token, now)));
  const show = (text: string | null) => {
    setOpen(null);
    if (isNew) setNew(false);
    if (text !== null) setSecret(text);
  };
  return (
    <>
      <div className={styles.bar}>
        <p>{t('account.tokens_more')}</p>
        <Button variant="primary" icon={<Plus />} onClick={() => setNew(true)}>
          {t('account.new_token')}
        </Button>
      </div>
      {secret !== null && <Secret title={t('account.token_once')} text={secret} onDone={() => setSecret(null)} />}
      <Checkbox
        label={t('account.show_ended')}
        checked={search.all === true}
        onChange={(value) =>
          void navigate({ search: (old) => ({ ...old, all: value ? true : undefined }), replace: true })
        }
      />
      {query.isPending && <Skeleton rows={5} />}
      {query.error && rows.length === 0 && <Problem failure={query.error} onRetry={() => void query.refetch()} />}
      {query.data !== undefined && (
        <TokenTable
          tokens={shown}
          onRotate={(token) => setOpen({ action: 'rotate', token })}
          onRevoke={(token) => setOpen({ action: 'revoke', token })}
        />
      )}
      <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} />
      {isNew && <NewTokenDialog onDone={show} />}
      {open?.action === 'rotate' && <RotateTokenDialog token={open.token} onDone={show} />}
      {open?.action === 'revoke' && <RevokeTokenDialog token={open.token} onDone={() => setOpen(null)} />}
    </>
  );
}
