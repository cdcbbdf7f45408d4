import type { ReactNode } from 'react';
import type { Sort } from '../columns';

/** A column of `VirtualTable`. Functions have to stay the same between renders: cells are drawn anew when they change. */
export interface VirtualColumn<Row> {
  readonly id: string;
  readonly header: string;
  // As a method, so that columns of any row fit the table's parts, which only pass rows on.
  cell(row: Row): ReactNode;
  readonly align?: 'start' | 'end' | 'center' | undefined;
  readonly sortable?: boolean | undefined;
  /** Pixels, until a person has chosen another; 140 if not given. */
  readonly width?: number | undefined;
  /** It is always shown. */
  readonly fixed?: boolean | undefined;
}

/** What a person has made of the columns; stands in the address or a saved view. */
export interface VirtualColumnState {
  /** Ids in their order; columns that are not in it come last. */
  readonly order: readonly string[];
  readonly hidden: readonly string[];
  /** Ids of those that stay at the left. */
  readonly pinned: readonly string[];
  /** Pixels by id. */
  readonly widths: Readonly<Record<string, number>>;
}

/** A heading over neighbouring columns. */
export interface GroupHeader {
  readonly label: string;
  readonly columns: readonly string[];
}

export interface VirtualTableProps<Row> {
  /** What the table shows, read aloud. */
  readonly caption: string;
  readonly columns: readonly VirtualColumn<Row>[];
  /** Those that are here so far. */
  readonly rows: readonly Row[];
  /** Of all rows; left out or null while there are more and their number is not known. */
  readonly total?: number | null | undefined;
  readonly rowKey: (row: Row) => string;
  /** More rows are needed soon; called again and again while they are, so it has to see to doing it once. */
  readonly onEndReached?: (() => void) | undefined;
  readonly rowHeight?: number | undefined;
  readonly columnState: VirtualColumnState;
  readonly onColumnState: (state: VirtualColumnState) => void;
  readonly sort?: Sort | null | undefined;
  /** Null: the usual order. */
  readonly onSort?: ((sort: Sort | null) => void) | undefined;
  /** Keys of the rows that are chosen. */
  readonly selection?: ReadonlySet<string> | undefined;
  readonly onSelection?: ((selection: ReadonlySet<string>) => void) | undefined;
  /** Enter, or a double click. */
  readonly onOpen?: ((row: Row) => void) | undefined;
  readonly groupHeaders?: readonly GroupHeader[] | undefined;
  readonly loading?: boolean | undefined;
  /** What stands there when there are no rows and none come. */
  readonly empty?: ReactNode;
  /** As high as what it stands in, instead of as the window allows. */
  readonly fill?: boolean | undefined;
}
