import { Toast } from '@base-ui/react/toast';
import { CircleAlert, CircleCheck, Info, TriangleAlert, X, type LucideIcon } from 'lucide-react';
import { useEffect } from 'react';
import { useT } from '../../i18n';
import { classes } from '../classes';
import { showToasts, type ToastOptions } from './toast';
import styles from './ToastList.module.css';

const ICONS: Readonly<Record<string, LucideIcon>> = { good: CircleCheck, info: Info, warn: TriangleAlert, bad: CircleAlert };

/** How long a message stays, in milliseconds; with an action there has to be time to think. */
const SHOWN = 5_000;
const SHOWN_WITH_ACTION = 10_000;

const manager = Toast.createToastManager();

function add({ title, description, tone = 'neutral', action }: ToastOptions): void {
  const id = manager.add({
    title,
    description,
    type: tone,
    priority: tone === 'bad' ? 'high' : 'low',
    timeout: action === undefined ? SHOWN : SHOWN_WITH_ACTION,
    ...(action && {
      actionProps: {
        children: action.label,
        onClick: () => {
          action.onSelect();
          manager.close(id);
        },
      },
    }),
  });
}

/** What `Toasts` shows. */
export function ToastList() {
  useEffect(() => {
    showToasts(add);
    return () => showToasts(null);
  }, []);
  return (
    <Toast.Provider toastManager={manager} limit={4}>
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
