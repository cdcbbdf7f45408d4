import { useMemo } from 'react';
import { useT, type MessageKey, type Translate } from '../../../i18n';
import type { Sort, VirtualColumn, VirtualColumnState } from '../../../ui';
import { Cell } from './Cell';
import { COLUMN_GROUPS, orderField, partsOf, type ShownColumn } from './columns';
import type { Line } from './rows';
import type { TableColumns } from './useTableState';

interface Given {
  readonly project: string;
  readonly columns: TableColumns;
  readonly fold: (line: Line) => void;
}

const WIDTHS: Readonly<Record<string, number>> = { 'a.name': 220, 'a.status': 120, 'a.started': 150, 'a.created': 150, 'a.uuid': 290, 'a.versions': 180, 'a.experiment': 160 };
const USUAL_WIDTH = 120;

/** The title of a column. */
export function columnTitle(id: string, t: Translate): string {
  const { group, key } = partsOf(id);
  return group === 'a' ? t(`candidates.attribute.${key}` as MessageKey) : key;
}

/** The columns as the grid takes them, and what it tells of them as an address has it. */
export function useGridColumns({ project, columns, fold }: Given) {
  const t = useT();
  const { shown } = columns;
  const ids = shown.map((column) => column.id).join('\n');
  const made = useMemo(
    () =>
      shown.map(
        ({ id }): VirtualColumn<Line> => ({
          id,
          header: columnTitle(id, t),
          cell: (line) => <Cell project={project} line={line} id={id} onFold={fold} />,
          align: partsOf(id).group === 'm' || id === 'a.duration' ? 'end' : 'start',
          sortable: orderField(id) !== null,
          width: WIDTHS[id] ?? USUAL_WIDTH,
          fixed: id === 'a.name',
        }),
      ),
    [ids, project, fold, t],
  );
  const groupHeaders = useMemo(
    () =>
      COLUMN_GROUPS.map((group) => ({
        label: t(`candidates.column_group.${group}`),
        columns: shown.map((column) => column.id).filter((id) => id !== 'a.name' && partsOf(id).group === group),
      })),
    [ids, t],
  );
  const state = useMemo(() => stateOf(shown), [shown]);
  return { columns: made, groupHeaders, state, onState: (state: VirtualColumnState) => columns.set(columnsOf(shown, state)), sortOf, sortText };
}

function stateOf(shown: readonly ShownColumn[]): VirtualColumnState {
  return {
    order: shown.map((column) => column.id),
    hidden: [],
    pinned: shown.filter((column) => column.isPinned).map((column) => column.id),
    widths: Object.fromEntries(shown.flatMap(({ id, width }) => (width === null ? [] : [[id, width]]))),
  };
}

function columnsOf(shown: readonly ShownColumn[], { order, hidden, pinned, widths }: VirtualColumnState): readonly ShownColumn[] {
  const listed = [...order, ...shown.map((column) => column.id).filter((id) => !order.includes(id))];
  return listed
    .filter((id) => !hidden.includes(id))
    .map((id) => ({ id, isPinned: pinned.includes(id), width: widths[id] === undefined ? null : Math.round(widths[id]) }));
}

function sortOf(text: string | undefined): Sort | null {
  if (text === undefined) return null;
  return text.startsWith('-') ? { column: text.slice(1), direction: 'desc' } : { column: text, direction: 'asc' };
}

function sortText({ column, direction }: Sort): string {
  return direction === 'desc' ? `-${column}` : column;
}
