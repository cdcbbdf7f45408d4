import { useSending } from '../../api';
import { TokenRevokeDocument, type TokenLineFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { ConfirmDialog } from '../../ui';

interface Props {
  readonly token: TokenLineFragment;
  readonly onDone: () => void;
}

/** End a token at once. */
export function RevokeTokenDialog({ token, onDone }: Props) {
  const t = useT();
  const form = useSending(TokenRevokeDocument, ['AccountTokens']);
  const revoke = async () => {
    if (await form.send({ input: { id: token.id } })) onDone();
  };
  return (
    <ConfirmDialog
      open
      onClose={onDone}
      onConfirm={() => void revoke()}
      title={t('account.revoke_title', { name: token.name })}
      confirmLabel={t('account.revoke')}
      busy={form.isBusy}
      problem={form.failure?.message ?? form.errors[0]?.message}
    >
      <p>{t('account.revoke_more')}</p>
    </ConfirmDialog>
  );
}
