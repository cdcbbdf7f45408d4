import { useLocation, useNavigate } from '@tanstack/react-router';
import { KeyRound, LogOut, Users } from 'lucide-react';
import { useT } from '../i18n';
import { Menu, Person, toast } from '../ui';
import { useCurrent } from './current';
import { signOut } from './state/signing_out';
import styles from './UserMenu.module.css';

/** Who is signed in, and what concerns them; for visitors the way to sign in and back. */
export function UserMenu() {
  const t = useT();
  const navigate = useNavigate();
  const { isKnown, user, isAdmin } = useCurrent();
  const { publicHref } = useLocation();
  if (!isKnown) return <span className={styles.space} />;
  if (user === null) {
    return (
      <a className={styles.signIn} href={`/sign-in?return_to=${encodeURIComponent(publicHref)}`}>
        {t('shell.sign_in')}
      </a>
    );
  }
  const leave = () => signOut().catch(() => toast({ title: t('shell.sign_out_failed'), tone: 'bad' }));
  return (
    <Menu
      trigger={
        <button type="button" className={styles.user}>
          <span className={styles.hidden}>{t('shell.account_of', { name: user.name })}</span>
          <span className={styles.shown} aria-hidden="true">
            <Person user={user} />
          </span>
        </button>
      }
      items={[
        { label: t('shell.account'), icon: <KeyRound />, onSelect: () => void navigate({ to: '/-/account' }) },
        ...(isAdmin
          ? [{ label: t('shell.users'), icon: <Users />, onSelect: () => void navigate({ to: '/-/admin/users' }) }]
          : []),
        'separator' as const,
        { label: t('shell.sign_out'), icon: <LogOut />, onSelect: () => void leave() },
      ]}
    />
  );
}
