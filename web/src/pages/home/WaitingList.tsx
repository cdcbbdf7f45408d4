import { CheckCircle2, ClipboardCheck, OctagonAlert, ShieldAlert } from 'lucide-react';
import { useT } from '../../i18n';
import { LoadMore, Section, Time } from '../../ui';
import { WaitingLine } from './WaitingLine';
import type { Waiting } from './waiting';
import styles from './WaitingList.module.css';

const ICONS = { approval: ClipboardCheck, job: OctagonAlert, version: ShieldAlert } as const;

interface Props {
  readonly items: readonly Waiting[];
  readonly hasMore: boolean;
  readonly busy: boolean;
  readonly onMore: () => void;
}

/** What waits for the viewer in all of their projects. */
export function WaitingList({ items, hasMore, busy, onMore }: Props) {
  const t = useT();
  return (
    <Section title={t('home.waiting')}>
      {items.length === 0 ? (
        <p className={styles.none}>
          <CheckCircle2 aria-hidden="true" /> {t('home.waiting_none')}
        </p>
      ) : (
        <ul className={styles.list}>
          {items.map((item) => {
            const Icon = ICONS[item.kind];
            return (
              <li key={keyOf(item)} className={styles.item} data-kind={item.kind}>
                <Icon aria-hidden="true" className={styles.icon} />
                <div className={styles.text}>
                  <WaitingLine item={item} />
                  <div className={styles.more}>
                    <span>{item.project}</span>
                    {item.at !== '' && <Time at={item.at} />}
                  </div>
                </div>
              </li>
            );
          })}
        </ul>
      )}
      <LoadMore hasMore={hasMore} busy={busy} onMore={onMore} />
    </Section>
  );
}

function keyOf(item: Waiting): string {
  return item.kind === 'approval' ? item.request.id : item.kind === 'job' ? item.job.id : item.version.id;
}
