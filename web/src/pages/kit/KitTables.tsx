import { useMemo, useState } from 'react';
import {
  Card, LoadMore, Pager, Person, Section, StatusChip, Table, Time, VirtualTable, type Column, type Sort, type VirtualColumn, type VirtualColumnState,
} from '../../ui';

interface Line {
  readonly id: string;
  readonly at: number;
}

const ROWS: readonly Line[] = Array.from({ length: 100_000 }, (_, at) => ({ id: `run-${at}`, at }));
const WIDE: readonly VirtualColumn<Line>[] = Array.from({ length: 60 }, (_, at) => ({
  id: `c${at}`,
  header: at === 0 ? 'Name' : at < 20 ? `param_${at}` : `metric_${at}`,
  sortable: true,
  width: at === 0 ? 200 : 120,
  align: at < 20 ? 'start' : 'end',
  fixed: at === 0,
  cell: (row: Line) => (at === 0 ? row.id : at < 20 ? `p${(row.at * at) % 97}` : String(((row.at * (at + 7)) % 9973) / 9973).slice(0, 8)),
}));
const GROUPS = [
  { label: 'Parameters', columns: WIDE.slice(1, 20).map((column) => column.id) },
  { label: 'Metrics', columns: WIDE.slice(20).map((column) => column.id) },
];
const FEW: readonly Column<Line>[] = [
  { id: 'name', header: 'Name', cell: (row) => row.id, sortable: true },
  { id: 'status', header: 'Status', cell: (row) => <StatusChip status={row.at % 3 ? 'READY' : 'QUARANTINED'} /> },
  { id: 'who', header: 'Author', cell: () => <Person user={{ name: 'Ada Lovelace', username: 'ada' }} />, hideOnPhone: true },
  { id: 'size', header: 'Size', cell: (row) => `${row.at * 7} MiB`, align: 'end', sortable: true },
  { id: 'when', header: 'Created', cell: () => <Time at="2024-02-29T12:00:00Z" /> },
];

export function KitTables() {
  const [sort, setSort] = useState<Sort | null>({ column: 'name', direction: 'asc' });
  const [few, setFew] = useState<ReadonlySet<string>>(new Set(['run-1']));
  const [many, setMany] = useState<ReadonlySet<string>>(new Set());
  const [state, setState] = useState<VirtualColumnState>({ order: [], hidden: [], pinned: ['c0'], widths: {} });
  const [opened, setOpened] = useState('');
  const some = useMemo(() => ROWS.slice(0, 6), []);
  return (
    <>
      <Section title="A hundred thousand rows of sixty columns" description={`Chosen: ${many.size}. Opened: ${opened || 'none'}.`}>
        <VirtualTable
          caption="Candidates"
          columns={WIDE}
          rows={ROWS}
          total={ROWS.length}
          rowKey={(row) => row.id}
          columnState={state}
          onColumnState={setState}
          sort={sort}
          onSort={setSort}
          selection={many}
          onSelection={setMany}
          onOpen={(row) => setOpened(row.id)}
          groupHeaders={GROUPS}
        />
      </Section>
      <Section title="A few rows">
        <Table columns={FEW} rows={some} rowKey={(row) => row.id} sort={sort} onSort={setSort} selected={few} onSelect={setFew} caption="Versions" />
        <Pager pageInfo={{ hasNextPage: true }} onNext={() => undefined} total={123} />
        <LoadMore hasMore onMore={() => undefined} shown={6} total={123} />
        <Card flush>
          <Table columns={FEW} rows={[]} rowKey={(row) => row.id} caption="None" empty={<p>None</p>} />
        </Card>
      </Section>
    </>
  );
}
