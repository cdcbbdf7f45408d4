import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useT } from '../../i18n';
import { IconButton } from '../actions/IconButton';
import { classes } from '../classes';
import overlay from './overlay.module.css';
import styles from './Dialog.module.css';

export interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  readonly children: ReactNode;
  /** Buttons, the main one last. */
  readonly footer?: ReactNode;
  readonly size?: 's' | 'm' | 'l' | undefined;
  /** Not closed by a click beside it: for what holds typed texts. */
  readonly keep?: boolean | undefined;
}

/** A question or form over the page. Escape and the cross close it; the focus goes back to where it was. */
export function Dialog({ open, onClose, title, children, footer, size = 'm', keep = false }: DialogProps) {
  const t = useT();
  return (
    <Base.Root
      open={open}
      disablePointerDismissal={keep}
      onOpenChange={(next) => {
        if (!next) onClose();
      }}
    >
      <Base.Portal>
        <Base.Backdrop className={overlay.backdrop} />
        <Base.Viewport className={styles.viewport}>
          <Base.Popup className={classes(styles.popup, styles[size])}>
            <div className={styles.head}>
              <Base.Title className={styles.title}>{title}</Base.Title>
              <IconButton icon={<X />} label={t('ui.close')} onClick={onClose} />
            </div>
            <div className={styles.body}>{children}</div>
            {footer !== undefined && <div className={styles.footer}>{footer}</div>}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}
