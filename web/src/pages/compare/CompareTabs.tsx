import { Link } from '@tanstack/react-router';
import { useT } from '../../i18n';
import { COMPARE_TABS, type CompareSearch } from '../../routes/compare';
import styles from './Compare.module.css';

interface CompareTabsProps {
  readonly project: string;
  readonly tab: (typeof COMPARE_TABS)[number];
  readonly search: CompareSearch;
}

/** The ways to look at a comparison: each has an address, with all other choices in it. */
export function CompareTabs({ project, tab, search }: CompareTabsProps) {
  const t = useT();
  return (
    <nav className={styles.tabs} aria-label={t('compare.views')}>
      {COMPARE_TABS.map((one) => (
        <Link
          key={one}
          className={styles.tab}
          to="/p/$project/compare"
          params={{ project }}
          search={{ ...search, tab: one }}
          aria-current={one === tab ? 'page' : undefined}
          resetScroll={false}
        >
          {t(`compare.tab_${one}`)}
        </Link>
      ))}
    </nav>
  );
}
