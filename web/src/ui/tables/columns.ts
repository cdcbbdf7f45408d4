import type { ReactNode } from 'react';

/** In what order rows come; the list itself is ordered by the server. */
export interface Sort {
  readonly column: string;
  readonly direction: 'asc' | 'desc';
}

/** A column of `Table`. */
export interface Column<Row> {
  readonly id: string;
  readonly header: ReactNode;
  readonly cell: (row: Row) => ReactNode;
  readonly align?: 'start' | 'end' | 'center' | undefined;
  readonly sortable?: boolean | undefined;
  /** In pixels, or as CSS has it; the browser decides otherwise. */
  readonly width?: number | string | undefined;
  readonly hideOnPhone?: boolean | undefined;
}

/** Where cells of a column stand: actions, whose column has no head, at the end of the row. */
export function alignOf<Row>({ align, header }: Column<Row>): 'start' | 'end' | 'center' {
  return align ?? (header === '' ? 'end' : 'start');
}

/** What a click on a column's head asks for: down, up, and down again. */
export function nextSort(column: string, sort: Sort | null | undefined): Sort {
  return { column, direction: sort?.column === column && sort.direction === 'asc' ? 'desc' : 'asc' };
}
