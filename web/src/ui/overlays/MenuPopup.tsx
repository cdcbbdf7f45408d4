import { Menu as Base } from '@base-ui/react/menu';
import { Link, type LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { classes } from '../classes';
import type { OpensProps } from './FirstUse';
import overlay from './overlay.module.css';
import styles from './Menu.module.css';

export interface MenuEntry {
  readonly label: string;
  readonly icon?: ReactNode;
  readonly onSelect?: (() => void) | undefined;
  /** A page of these pages: parameters of the router's `Link`. */
  readonly link?: LinkProps | undefined;
  /** An address outside of the router, such as a file or a page of the server. */
  readonly href?: string | undefined;
  readonly danger?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  /** Keys that do the same. */
  readonly hint?: ReactNode;
}

export type MenuItem = MenuEntry | 'separator';

export interface MenuProps extends OpensProps {
  readonly items: readonly MenuItem[];
  readonly align?: 'start' | 'end' | undefined;
}

/** See `Menu`, which loads it. */
export function MenuPopup({ trigger, items, align = 'end', defaultOpen = false }: MenuProps) {
  return (
    <Base.Root modal={false} defaultOpen={defaultOpen}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className={overlay.positioner} align={align} sideOffset={4} collisionPadding={8}>
          <Base.Popup className={classes(overlay.popup, styles.menu)}>
            {items.map((item, index) =>
              item === 'separator' ? (
                <Base.Separator key={index} className={overlay.separator} />
              ) : (
                <Entry key={index} entry={item} />
              ),
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

function Entry({ entry }: { readonly entry: MenuEntry }) {
  const className = classes(overlay.item, entry.danger && styles.danger);
  const content = (
    <>
      {entry.icon}
      <span className={styles.label}>{entry.label}</span>
      {entry.hint !== undefined && <span className={styles.hint}>{entry.hint}</span>}
    </>
  );
  if (!entry.disabled && (entry.link || entry.href !== undefined)) {
    return (
      <Base.LinkItem
        className={className}
        closeOnClick
        onClick={entry.onSelect}
        {...(entry.link ? { render: <Link {...entry.link} /> } : { href: entry.href })}
      >
        {content}
      </Base.LinkItem>
    );
  }
  return (
    <Base.Item className={className} disabled={entry.disabled} onClick={entry.onSelect}>
      {content}
    </Base.Item>
  );
}
