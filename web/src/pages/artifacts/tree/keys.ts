import type { Node } from './tree';

/** The row to which a key leads in a tree; null: the key means nothing here. */
export function moved(key: string, at: number, rows: readonly Node[], page: number): number | null {
  const last = rows.length - 1;
  const row = rows[at];
  switch (key) {
    case 'ArrowDown':
      return Math.min(at + 1, last);
    case 'ArrowUp':
      return Math.max(at - 1, 0);
    case 'PageDown':
      return Math.min(at + page, last);
    case 'PageUp':
      return Math.max(at - page, 0);
    case 'Home':
      return 0;
    case 'End':
      return last;
    case 'ArrowRight':
      return row?.kind === 'folder' ? Math.min(at + 1, last) : at;
    case 'ArrowLeft': {
      const depth = row?.depth ?? 0;
      return depth === 0 ? at : rows.findLastIndex((other, index) => index < at && other.depth === depth - 1);
    }
    default:
      return null;
  }
}
