import { Link } from '@tanstack/react-router';
import { Circle, Home } from 'lucide-react';
import { useT } from '../i18n';
import { useCurrent } from './current';
import { isShown, PROJECT_NAVIGATION } from './navigation';
import styles from './ProjectNavigation.module.css';

interface Props {
  readonly project: string;
  /** A link was followed: for the drawer, which closes then. */
  readonly onFollow?: () => void;
}

/** Links to the pages of a project that the viewer may use. */
export function ProjectNavigation({ project, onFollow }: Props) {
  const t = useT();
  const current = useCurrent().project;
  const groups = PROJECT_NAVIGATION.map((group) => ({
    ...group,
    // Until it is known what the viewer may, all are shown: nothing moves for those who may everything.
    items: group.items.filter((item) => current === null || isShown(item, current)),
  })).filter((group) => group.items.length > 0);
  return (
    <nav className={styles.navigation} aria-label={t('shell.project_pages')} onClick={onFollow}>
      <Link to="/n/$path" params={{ path: project }} className={styles.project}>
        <Home aria-hidden="true" className={styles.icon} />
        <span>{current?.name ?? project.split('/').at(-1)}</span>
      </Link>
      {groups.map((group) => (
        <section key={group.label}>
          <h2 className={styles.heading}>{t(group.label)}</h2>
          {group.items.map((item) => {
            const Icon = item.icon ?? Circle;
            return (
              <Link key={item.to} to={item.to} params={{ project }} className={styles.item} activeOptions={{ includeSearch: false }}>
                <Icon aria-hidden="true" className={styles.icon} />
                <span>{t(item.label)}</span>
              </Link>
            );
          })}
        </section>
      ))}
    </nav>
  );
}
