import { Link } from '@tanstack/react-router';
import { Menu as MenuIcon } from 'lucide-react';
import { useT } from '../i18n';
import { IconButton } from '../ui';
import { useProjectPath } from './current';
import { HeaderSearch } from './HeaderSearch';
import { Logo } from './Logo';
import { PreferencesMenu } from './PreferencesMenu';
import { ProjectSwitcher } from './ProjectSwitcher';
import { UserMenu } from './UserMenu';
import styles from './Header.module.css';

/** The top of every page: where one is, search, and who is signed in. */
export function Header({ onNavigation }: { readonly onNavigation: () => void }) {
  const t = useT();
  const project = useProjectPath();
  return (
    <header className={styles.header}>
      {project !== undefined && (
        <span className={styles.onlyPhone}>
          <IconButton icon={<MenuIcon />} label={t('shell.open_navigation')} onClick={onNavigation} />
        </span>
      )}
      <Link to="/" className={styles.home} aria-label={`Modelyard – ${t('shell.to_home')}`}>
        <Logo />
        <span className={styles.name}>Modelyard</span>
      </Link>
      <ProjectSwitcher />
      <HeaderSearch />
      <PreferencesMenu />
      <UserMenu />
    </header>
  );
}
