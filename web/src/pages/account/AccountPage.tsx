import { useNavigate, useSearch } from '@tanstack/react-router';
import { useT } from '../../i18n';
import { ACCOUNT_TABS } from '../../routes/account';
import { useCurrent } from '../../shell/current';
import { RouteMissing } from '../../shell/RouteMissing';
import { PageHeader, Tabs } from '../../ui';
import { IdentitiesTab } from './IdentitiesTab';
import { LogTab } from './LogTab';
import { PasswordTab } from './PasswordTab';
import { SessionsTab } from './SessionsTab';
import { TokensTab } from './TokensTab';
import styles from './AccountPage.module.css';

const CONTENTS = {
  tokens: TokensTab,
  sessions: SessionsTab,
  identities: IdentitiesTab,
  password: PasswordTab,
  log: LogTab,
} as const;

/** What concerns the person who is signed in. */
export function AccountPage() {
  const t = useT();
  const navigate = useNavigate({ from: '/-/account' });
  const { tab = 'tokens' } = useSearch({ from: '/-/account' });
  const { isKnown, user } = useCurrent();
  if (isKnown && user === null) return <RouteMissing />;
  const Content = CONTENTS[tab];
  return (
    <>
      <PageHeader
        title={t('account.title')}
        description={user === null ? '' : `${user.name} · @${user.username}`}
        tabs={
          <Tabs
            items={ACCOUNT_TABS.map((one) => ({ value: one, label: t(`account.tab_${one}`) }))}
            value={tab}
            onChange={(value) => void navigate({ search: { tab: ACCOUNT_TABS.find((one) => one === value) } })}
          />
        }
      />
      <div className={styles.content}>
        <Content />
      </div>
    </>
  );
}
