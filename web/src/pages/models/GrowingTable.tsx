import type { Column, Sort } from '../../ui';
import { LoadMore, Table } from '../../ui';

/** A table that grows by pages as far as a reader wants to go. */
export function GrowingTable<Row>({
  caption,
  columns,
  rows,
  total,
  rowKey,
  rowLabel,
  hasMore,
  onMore,
  busy,
  ...choices
}: {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly total: number | null;
  readonly rowKey: (row: Row) => string;
  readonly rowLabel?: (row: Row) => string;
  readonly hasMore: boolean;
  readonly onMore: () => void;
  readonly busy: boolean;
  readonly sort?: Sort;
  readonly onSort?: (sort: Sort) => void;
  readonly selected?: ReadonlySet<string>;
  readonly onSelect?: (selected: ReadonlySet<string>) => void;
}) {
  return (
    <>
      <Table caption={caption} columns={columns} rows={rows} rowKey={rowKey} rowLabel={rowLabel} {...choices} />
      <LoadMore hasMore={hasMore} busy={busy} onMore={onMore} shown={rows.length} total={total} />
    </>
  );
}
