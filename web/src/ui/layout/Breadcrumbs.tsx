import { Link, type LinkProps } from '@tanstack/react-router';
import { useT } from '../../i18n';
import styles from './Breadcrumbs.module.css';

export interface Crumb {
  readonly label: string;
  /** Parameters of the router's `Link`; none for the page itself. */
  readonly link?: LinkProps | undefined;
}

/** The way from the top to this page. */
export function Breadcrumbs({ crumbs }: { readonly crumbs: readonly Crumb[] }) {
  const t = useT();
  return (
    <nav aria-label={t('ui.breadcrumbs')}>
      <ol className={styles.crumbs}>
        {crumbs.map((crumb, index) => (
          <li key={`${index} ${crumb.label}`} className={styles.crumb}>
            {crumb.link ? (
              <Link {...crumb.link} className={styles.link} title={crumb.label}>
                {crumb.label}
              </Link>
            ) : (
              <span className={styles.here} aria-current="page" title={crumb.label}>
                {crumb.label}
              </span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
