import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useT } from '../../i18n';
import { IconButton } from '../actions/IconButton';
import { classes } from '../classes';
import type { DialogProps } from './Dialog';
import overlay from './overlay.module.css';
import styles from './DialogWindow.module.css';

/** Where typing begins: the first field; true leaves it to the library, which takes the first control. */
function firstField(body: HTMLElement | null): HTMLElement | true {
  return body?.querySelector<HTMLElement>('input:not([type="hidden"], [tabindex="-1"]), textarea') ?? true;
}

/** Give the focus back to what opened a dialog that is taken away at once; one that closes leaves that to the library. */
function useFocusBack(): void {
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      setTimeout(() => {
        const isLost = document.activeElement === null || document.activeElement === document.body;
        if (isLost && opener instanceof HTMLElement && opener.isConnected) opener.focus();
      });
    },
    [opener],
  );
}

/** What `Dialog` shows. */
export function DialogWindow({ open, onClose, title, children, footer, size = 'm', keep = false }: DialogProps) {
  const t = useT();
  const body = useRef<HTMLDivElement>(null);
  useFocusBack();
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
          <Base.Popup className={classes(styles.popup, styles[size])} initialFocus={() => firstField(body.current)}>
            <div className={styles.head}>
              <Base.Title className={styles.title}>{title}</Base.Title>
              <IconButton icon={<X />} label={t('ui.close')} onClick={onClose} />
            </div>
            <div ref={body} className={styles.body}>{children}</div>
            {footer !== undefined && <div className={styles.footer}>{footer}</div>}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}
