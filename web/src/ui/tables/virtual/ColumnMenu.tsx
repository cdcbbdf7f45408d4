import { Menu } from '@base-ui/react/menu';
import { ArrowDown, ArrowLeft, ArrowRight, ArrowUp, EyeOff, Pin, PinOff, RotateCcw } from 'lucide-react';
import type { ReactNode, RefObject } from 'react';
import { useT } from '../../../i18n';
import { classes } from '../../classes';
import menu from '../../overlays/Menu.module.css';
import overlay from '../../overlays/overlay.module.css';
import type { Sort } from '../columns';
import { hidden, pinned, resized, stepped } from './changes';
import type { Layout } from './layout';
import type { VirtualColumn, VirtualColumnState } from './types';
import styles from './VirtualTable.module.css';

export interface ColumnMenuProps<Row> {
  /** Whose menu is open, and where. */
  readonly open: { readonly id: string; readonly anchor: HTMLElement } | null;
  readonly onClose: () => void;
  readonly grid: RefObject<HTMLElement | null>;
  readonly columns: readonly VirtualColumn<Row>[];
  readonly layout: Layout<Row>;
  readonly state: VirtualColumnState;
  readonly onState: (state: VirtualColumnState) => void;
  readonly sort: Sort | null | undefined;
  readonly onSort: ((sort: Sort | null) => void) | undefined;
}

/** All that can be done with a column; one menu for the whole table. */
export function ColumnMenu<Row>({ open, onClose, grid, columns, layout, state, onState, sort, onSort }: ColumnMenuProps<Row>) {
  const t = useT();
  const at = layout.all.findIndex((placed) => placed.column.id === open?.id);
  const column = layout.all[at]?.column;
  const item = (label: string, icon: ReactNode, onSelect: () => void, disabled = false) => (
    <Menu.Item className={overlay.item} disabled={disabled} onClick={onSelect}>
      {icon}
      <span className={menu.label}>{label}</span>
    </Menu.Item>
  );
  return (
    <Menu.Root
      open={column !== undefined}
      modal={false}
      onOpenChange={(next) => {
        if (!next) onClose();
      }}
    >
      {/* The library leads the focus by a trigger; here it is the grid that opens the menu, by mouse and by keys. */}
      <Menu.Trigger className={styles.trigger} tabIndex={-1} aria-hidden />
      <Menu.Portal>
        <Menu.Positioner className={overlay.positioner} anchor={open?.anchor} side="bottom" align="start" sideOffset={2} collisionPadding={8}>
          <Menu.Popup className={classes(overlay.popup, menu.menu)} finalFocus={grid}>
            {column && (
              <>
                {column.sortable && onSort && (
                  <>
                    {item(t('ui.sort_ascending'), <ArrowUp />, () => onSort({ column: column.id, direction: 'asc' }))}
                    {item(t('ui.sort_descending'), <ArrowDown />, () => onSort({ column: column.id, direction: 'desc' }))}
                    {sort?.column === column.id && item(t('ui.sort_usual'), <RotateCcw />, () => onSort(null))}
                    <Menu.Separator className={overlay.separator} />
                  </>
                )}
                {state.pinned.includes(column.id)
                  ? item(t('ui.unpin'), <PinOff />, () => onState(pinned(state, column.id, false)))
                  : item(t('ui.pin'), <Pin />, () => onState(pinned(state, column.id, true)))}
                {item(t('ui.move_left'), <ArrowLeft />, () => onState(stepped(columns, state, layout, column.id, -1)), at === 0)}
                {item(t('ui.move_right'), <ArrowRight />, () => onState(stepped(columns, state, layout, column.id, 1)), at === layout.all.length - 1)}
                {item(t('ui.usual_width'), <RotateCcw />, () => onState(resized(state, column.id, null)), state.widths[column.id] === undefined)}
                {!column.fixed && item(t('ui.hide_column'), <EyeOff />, () => onState(hidden(state, column.id)))}
              </>
            )}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
