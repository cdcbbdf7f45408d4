import { Toast } from '@base-ui/react/toast';
import { CircleAlert, CircleCheck, Info, TriangleAlert, X, type LucideIcon } from 'lucide-react';
import { useT } from '../../i18n';
import { classes } from '../classes';
import { toasts } from './toast';
import styles from './Toasts.module.css';

const ICONS: Readonly<Record<string, LucideIcon>> = { good: CircleCheck, info: Info, warn: TriangleAlert, bad: CircleAlert };

/** Where messages appear; stands once, in the shell. F6 leads there. */
export function Toasts() {
  return (
    <Toast.Provider toastManager={toasts} limit={4}>
      <Toast.Portal>
        <Toast.Viewport className={styles.viewport}>
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function List() {
  const t = useT();
  const { toasts: shown } = Toast.useToastManager();
  return shown.map((one) => {
    const Icon = ICONS[one.type ?? ''];
    return (
      <Toast.Root key={one.id} toast={one} swipeDirection="right" className={styles.toast}>
        <Toast.Content className={styles.content}>
          {Icon && <Icon className={classes(styles.icon, styles[one.type ?? ''])} aria-hidden />}
          <div className={styles.texts}>
            <Toast.Title className={styles.title} />
            <Toast.Description className={styles.description} />
          </div>
          <Toast.Action className={styles.action} />
          <Toast.Close className={styles.close} aria-label={t('ui.close')}>
            <X />
          </Toast.Close>
        </Toast.Content>
      </Toast.Root>
    );
  });
}
