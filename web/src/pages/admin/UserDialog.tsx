import { useSending } from '../../api';
import {
  UserDeactivateDocument,
  UserDeleteDocument,
  UserPasswordResetCreateDocument,
  UserReactivateDocument,
  UserUpdateDocument,
  type UserLineFragment,
} from '../../api/operations';
import { useT } from '../../i18n';
import { ConfirmDialog } from '../../ui';

/** What an administrator does with a user. */
export type UserAction = 'reset' | 'makeAdmin' | 'removeAdmin' | 'deactivate' | 'reactivate' | 'delete';

interface Props {
  readonly action: UserAction;
  readonly user: UserLineFragment;
  readonly onClose: () => void;
  /** Gets the link by which the user sets a new password. */
  readonly onLink: (url: string) => void;
}

/** Says what an action comes to, and does it. */
export function UserDialog({ action, user, onClose, onLink }: Props) {
  const t = useT();
  const refreshes = ['AdminUsers'];
  const reset = useSending(UserPasswordResetCreateDocument, refreshes);
  const update = useSending(UserUpdateDocument, refreshes);
  const deactivate = useSending(UserDeactivateDocument, refreshes);
  const reactivate = useSending(UserReactivateDocument, refreshes);
  const removal = useSending(UserDeleteDocument, refreshes);
  const all = [reset, update, deactivate, reactivate, removal];
  const lookup = { user: { id: user.id } };
  const run: Record<UserAction, () => Promise<unknown>> = {
    reset: async () => {
      const url = (await reset.send({ input: { username: user.username } }))?.userPasswordResetCreate.url;
      if (url) onLink(url);
      return null;
    },
    makeAdmin: () => update.send({ input: { ...lookup, isAdmin: true } }),
    removeAdmin: () => update.send({ input: { ...lookup, isAdmin: false } }),
    deactivate: () => deactivate.send({ input: lookup }),
    reactivate: () => reactivate.send({ input: lookup }),
    delete: () => removal.send({ input: { ...lookup, confirm: user.username } }),
  };
  const confirm = async () => {
    if ((await run[action]()) !== null) onClose();
  };
  const problem = all.map((one) => one.failure?.message ?? one.errors[0]?.message).find((one) => one !== undefined);
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      onConfirm={() => void confirm()}
      title={t(`admin.confirm_${action}`, { username: user.username })}
      confirmLabel={t(`admin.label_${action}`)}
      typed={action === 'delete' ? user.username : undefined}
      busy={all.some((one) => one.isBusy)}
      problem={problem}
    >
      <p>{t(`admin.confirm_${action}_more`)}</p>
    </ConfirmDialog>
  );
}
