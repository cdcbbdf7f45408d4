import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { useT } from '../../i18n';
import { IconButton } from '../actions/IconButton';
import { classes } from '../classes';
import type { DrawerProps } from './Drawer';
import overlay from './overlay.module.css';
import styles from './DrawerWindow.module.css';

/** What `Drawer` shows. */
export function DrawerWindow({ open, onClose, title, children, footer, side = 'right' }: DrawerProps) {
  const t = useT();
  return (
    <Base.Root
      open={open}
      onOpenChange={(next) => {
        if (!next) onClose();
      }}
    >
      <Base.Portal>
        <Base.Backdrop className={overlay.backdrop} />
        <Base.Popup className={classes(styles.popup, styles[side])}>
          <div className={styles.head}>
            <Base.Title className={styles.title}>{title}</Base.Title>
            <IconButton icon={<X />} label={t('ui.close')} onClick={onClose} />
          </div>
          <div className={styles.body}>{children}</div>
          {footer !== undefined && <div className={styles.footer}>{footer}</div>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
