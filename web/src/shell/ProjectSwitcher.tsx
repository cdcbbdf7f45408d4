import { Link } from '@tanstack/react-router';
import { ChevronsUpDown } from 'lucide-react';
import { useT } from '../i18n';
import { IconButton, Popover } from '../ui';
import { useNamespacePath } from './current';
import { SwitcherList } from './SwitcherList';
import styles from './ProjectSwitcher.module.css';

/** Where one is: the groups and the project of the page, and a list of others. */
export function ProjectSwitcher() {
  const t = useT();
  const path = useNamespacePath();
  const parts = path?.split('/') ?? [];
  return (
    <nav className={styles.crumbs} aria-label={t('shell.where')}>
      {parts.map((part, index) => (
        <span key={index} className={index === parts.length - 1 ? styles.last : styles.part}>
          <span aria-hidden="true" className={styles.slash}>
            /
          </span>
          <Link to="/n/$path" params={{ path: parts.slice(0, index + 1).join('/') }} className={styles.link} title={part}>
            {part}
          </Link>
        </span>
      ))}
      <Popover trigger={<IconButton icon={<ChevronsUpDown />} label={t('shell.switch_project')} />}>
        {(close) => <SwitcherList onChoice={close} />}
      </Popover>
    </nav>
  );
}
