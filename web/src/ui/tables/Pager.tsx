import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useT } from '../../i18n';
import { Button } from '../actions/Button';
import styles from './Pager.module.css';

export interface PagerProps {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage?: boolean | undefined };
  readonly onNext: () => void;
  /** Left out on the first page, unless `pageInfo` says. */
  readonly onPrevious?: (() => void) | undefined;
  readonly total?: number | null | undefined;
}

/** The way to the next rows of a list that is shown page by page. */
export function Pager({ pageInfo, onNext, onPrevious, total }: PagerProps) {
  const t = useT();
  const hasPrevious = pageInfo.hasPreviousPage ?? onPrevious !== undefined;
  if (!pageInfo.hasNextPage && !hasPrevious && !total) return null;
  return (
    <nav className={styles.pager} aria-label={t('ui.pages')}>
      <span className={styles.total}>{total !== null && total !== undefined && t('ui.rows', { count: total })}</span>
      {(pageInfo.hasNextPage || hasPrevious) && (
        <>
          <Button size="s" icon={<ChevronLeft />} disabled={!hasPrevious || !onPrevious} onClick={onPrevious}>
            {t('ui.previous')}
          </Button>
          <Button size="s" disabled={!pageInfo.hasNextPage} onClick={onNext}>
            <span className={styles.next}>
              {t('ui.next')}
              <ChevronRight />
            </span>
          </Button>
        </>
      )}
    </nav>
  );
}
