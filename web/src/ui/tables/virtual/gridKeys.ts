import type { KeyboardEvent } from 'react';

/** A cell by its row, −1 for the heads, and its column. */
export interface Active {
  readonly row: number;
  readonly column: number;
}

/** What keys do besides moving; each is for the active cell. */
export interface GridActions {
  readonly active: Active;
  readonly rows: number;
  readonly columns: number;
  /** Rows that fit into the window. */
  readonly page: number;
  readonly move: (to: Active) => void;
  readonly open: () => void;
  readonly toggle: () => void;
  /** Chooses all rows from the last one that was chosen to this. */
  readonly selectTo: (row: number) => void;
  readonly selectAll: () => void;
  readonly clear: () => void;
  readonly sort: () => void;
  readonly widen: (pixels: number) => void;
  readonly shift: (step: -1 | 1) => void;
  readonly menu: () => void;
  /** Puts the focus into what the cell holds. */
  readonly enter: () => void;
}

/** Pixels by which a width changes with each key. */
const STEP = 16;

function target({ key, ctrlKey, metaKey }: KeyboardEvent, { active, rows, columns, page }: GridActions): Active | null {
  const { row, column } = active;
  const isFar = ctrlKey || metaKey;
  switch (key) {
    case 'ArrowUp':
      return { row: row - 1, column };
    case 'ArrowDown':
      return { row: row + 1, column };
    case 'ArrowLeft':
      return { row, column: isFar ? 0 : column - 1 };
    case 'ArrowRight':
      return { row, column: isFar ? columns - 1 : column + 1 };
    case 'Home':
      return { row: isFar ? 0 : row, column: 0 };
    case 'End':
      return { row: isFar ? rows - 1 : row, column: columns - 1 };
    case 'PageUp':
      return { row: row < 0 ? row : Math.max(row - page, 0), column };
    case 'PageDown':
      return { row: row + page, column };
    default:
      return null;
  }
}

/** Whether a key was for the head of a column. */
function onHead(event: KeyboardEvent, actions: GridActions): boolean {
  const { key, altKey, ctrlKey, shiftKey } = event;
  const step = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : 0;
  if (altKey && step !== 0) actions.widen(step * STEP);
  else if (ctrlKey && shiftKey && step !== 0) actions.shift(step === -1 ? -1 : 1);
  else if ((altKey && key === 'ArrowDown') || key === 'ContextMenu' || (shiftKey && key === 'F10')) actions.menu();
  else if (key === 'Enter' || key === ' ') actions.sort();
  else return false;
  return true;
}

/** Whether a key was for a row. */
function onRow({ key, shiftKey, ctrlKey, metaKey }: KeyboardEvent, actions: GridActions): boolean {
  const { row } = actions.active;
  if (key === 'Enter') actions.open();
  else if (key === 'F2') actions.enter();
  else if (key === ' ' && shiftKey) actions.selectTo(row);
  else if (key === ' ') actions.toggle();
  else if ((ctrlKey || metaKey) && key === 'a') actions.selectAll();
  else if (key === 'Escape') actions.clear();
  else return false;
  return true;
}

/** The keys of a grid (ARIA Authoring Practices, "Grid"), for the element that holds the focus for all its cells. */
export function gridKey(event: KeyboardEvent, actions: GridActions): void {
  if (actions.active.row < 0 ? onHead(event, actions) : onRow(event, actions)) {
    event.preventDefault();
    return;
  }
  if (event.altKey) return;
  const next = target(event, actions);
  if (next === null) return;
  event.preventDefault();
  const row = Math.min(Math.max(next.row, -1), actions.rows - 1);
  if (event.shiftKey && row >= 0 && row !== actions.active.row) actions.selectTo(row);
  actions.move({ row, column: Math.min(Math.max(next.column, 0), actions.columns - 1) });
}
