import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronDown, ChevronRight, File as FileIcon, Folder, FolderOpen } from 'lucide-react';
import { useId, useRef, useState, type KeyboardEvent } from 'react';
import { useT } from '../../../i18n';
import { Bytes, StatusChip, Time } from '../../../ui';
import styles from './FileTree.module.css';
import { moved } from './keys';
import { ChoiceMark } from './ChoiceMark';
import type { Node } from './tree';

const ROW = 34;

interface Props {
  readonly rows: readonly Node[];
  readonly isOpen: (node: Node) => boolean;
  readonly onToggle: (node: Node) => void;
  /** The path of the file that is looked at. */
  readonly shown: string | undefined;
  readonly onShow: (node: Node) => void;
  /** What can be chosen and how much of it is; null: nothing can be. */
  readonly choice: { readonly stateOf: (node: Node) => boolean | 'mixed'; readonly toggle: (node: Node, upTo?: Node) => void };
}

/** The rows of the tree of files. All keys of a tree work; only the rows that are seen are drawn. */
export function FileTree({ rows, isOpen, onToggle, shown, onShow, choice }: Props) {
  const t = useT();
  const id = useId();
  const [active, setActive] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const at = Math.min(active, rows.length - 1);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
    getItemKey: (index) => rows[index]?.path ?? index,
  });
  const go = (index: number) => {
    setActive(index);
    virtual.scrollToIndex(index);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[at];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter') row.kind === 'file' ? onShow(row) : onToggle(row);
    else if (event.key === ' ') choice.toggle(row);
    else if (event.key === 'ArrowRight' && row.kind === 'folder' && !isOpen(row)) onToggle(row);
    else if (event.key === 'ArrowLeft' && row.kind === 'folder' && isOpen(row)) onToggle(row);
    else {
      const next = moved(event.key, at, rows, Math.max(Math.floor((scroller.current?.clientHeight ?? ROW) / ROW) - 1, 1));
      if (next === null) return;
      if (event.shiftKey) choice.toggle(row, rows[next]);
      go(next);
    }
    event.preventDefault();
  };
  const items = virtual.getVirtualItems();
  // A row that is scrolled out of sight is not drawn, and cannot be pointed to.
  const isDrawn = items.some(({ index }) => index === at);
  return (
    <div
      ref={scroller}
      className={styles.scroller}
      role="treegrid"
      tabIndex={0}
      aria-label={t('artifacts.files')}
      aria-multiselectable="true"
      aria-rowcount={rows.length}
      aria-activedescendant={isDrawn ? `${id}-${at}` : undefined}
      onKeyDown={onKeyDown}
    >
      <div className={styles.rows} style={{ height: virtual.getTotalSize() }} role="presentation">
        {items.map(({ index, start }) => {
          const node = rows[index];
          if (!node) return null;
          const isFolder = node.kind === 'folder';
          const state = choice.stateOf(node);
          return (
            <div
              key={node.path}
              id={`${id}-${index}`}
              role="row"
              aria-rowindex={index + 1}
              aria-level={node.depth + 1}
              aria-expanded={isFolder ? isOpen(node) : undefined}
              aria-selected={state === true}
              data-active={index === at || undefined}
              data-shown={(!isFolder && node.file.path === shown) || undefined}
              className={styles.row}
              style={{ transform: `translateY(${start}px)`, height: ROW }}
              onClick={(event) => {
                setActive(index);
                if (event.shiftKey) choice.toggle(rows[at] ?? node, node);
                else isFolder ? onToggle(node) : onShow(node);
              }}
            >
              <span role="gridcell" className={styles.choice}>
                <ChoiceMark
                  label={t('artifacts.choose', { name: node.name })}
                  state={state}
                  onToggle={(isRange) => {
                    choice.toggle(isRange ? (rows[at] ?? node) : node, isRange ? node : undefined);
                    setActive(index);
                  }}
                />
              </span>
              <span role="gridcell" className={styles.name} style={{ paddingInlineStart: node.depth * 18 }} title={node.path}>
                {isFolder ? isOpen(node) ? <ChevronDown size={14} /> : <ChevronRight size={14} /> : <span className={styles.leaf} />}
                {isFolder ? isOpen(node) ? <FolderOpen size={16} /> : <Folder size={16} /> : <FileIcon size={16} />}
                <span className={styles.label}>{node.name}</span>
                {isFolder && <span className={styles.count}>{t('artifacts.count', { count: node.count })}</span>}
                {!isFolder && node.file.status !== 'READY' && <StatusChip status={node.file.status} />}
                {!isFolder && node.file.damage && <StatusChip status={node.file.damage} />}
              </span>
              <span role="gridcell" className={styles.size}>
                <Bytes value={isFolder ? node.size : node.file.size} />
              </span>
              <span role="gridcell" className={styles.time}>
                {isFolder ? null : <Time at={node.file.createdAt} />}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
