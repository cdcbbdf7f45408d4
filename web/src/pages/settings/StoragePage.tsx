import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { query } from '../../api';
import { StorageDocument, type AmountFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { RouteMissing } from '../../shell/RouteMissing';
import { Bytes, Card, Loaded, PageHeader, ProgressBar } from '../../ui';
import styles from './settings.module.css';

const KINDS = ['stored', 'pending', 'damaged', 'awaitingRemoval'] as const;

/** What a project keeps in the store, and what will be freed when. */
export function StoragePage() {
  const t = useT();
  const { project } = useParams({ from: '/p/$project/storage' });
  const storage = useQuery(query(StorageDocument, { project }));
  return (
    <>
      <PageHeader title={t('settings.storage')} description={t('settings.storage_about')} />
      <Loaded query={storage}>
        {({ project: found }) => {
          if (!found) return <RouteMissing />;
          const { sizeLimit, restorableSize, ...amounts } = found.storage;
          return (
            <>
              {sizeLimit !== null && (
                <ProgressBar value={amounts.stored.size} max={sizeLimit} label={t('settings.of_limit')} />
              )}
              <div className={styles.amounts}>
                {KINDS.map((kind) => (
                  <Amount key={kind} kind={kind} amount={amounts[kind]} />
                ))}
                {restorableSize !== null && (
                  <Card>
                    <p className={styles.amount}>
                      <Bytes value={restorableSize} />
                    </p>
                    <p className={styles.quiet}>{t('settings.storage_restorable')}</p>
                  </Card>
                )}
              </div>
            </>
          );
        }}
      </Loaded>
    </>
  );
}

function Amount({ kind, amount }: { readonly kind: (typeof KINDS)[number]; readonly amount: AmountFragment }) {
  const t = useT();
  return (
    <Card>
      <p className={styles.amount}>
        <Bytes value={amount.size} />
      </p>
      <p>{t('settings.objects', { count: amount.objectCount })}</p>
      <p className={styles.quiet}>{t(`settings.storage_${kind}`)}</p>
    </Card>
  );
}
