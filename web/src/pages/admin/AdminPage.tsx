import { useNavigate, useSearch } from '@tanstack/react-router';
import { useT } from '../../i18n';
import { ADMIN_TABS } from '../../routes/account';
import { useCurrent } from '../../shell/current';
import { RouteMissing } from '../../shell/RouteMissing';
import { PageHeader, Tabs } from '../../ui';
import { AdminLogTab } from './AdminLogTab';
import { InvitationsTab } from './InvitationsTab';
import { UsersTab } from './UsersTab';
import styles from '../account/AccountPage.module.css';

const CONTENTS = { users: UsersTab, invitations: InvitationsTab, log: AdminLogTab } as const;

/** The people of the installation, for administrators. */
export function AdminPage() {
  const t = useT();
  const navigate = useNavigate({ from: '/-/admin/users' });
  const { tab = 'users' } = useSearch({ from: '/-/admin/users' });
  const { isKnown, isAdmin } = useCurrent();
  if (isKnown && !isAdmin) return <RouteMissing />;
  const Content = CONTENTS[tab];
  return (
    <>
      <PageHeader
        title={t('admin.title')}
        tabs={
          <Tabs
            items={ADMIN_TABS.map((one) => ({ value: one, label: t(`admin.tab_${one}`) }))}
            value={tab}
            onChange={(value) => void navigate({ search: { tab: ADMIN_TABS.find((one) => one === value) } })}
          />
        }
      />
      <div className={styles.content}>
        <Content />
      </div>
    </>
  );
}
