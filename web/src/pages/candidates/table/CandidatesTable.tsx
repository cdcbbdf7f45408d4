import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo, useRef, useState, type ReactNode } from 'react';
import type { TableSearch } from '../../../routes/candidates';
import { useT } from '../../../i18n';
import { Button, Problem, VirtualTable } from '../../../ui';
import { FilterInput } from '../filter/FilterInput';
import { BulkActions } from './BulkActions';
import styles from './CandidatesTable.module.css';
import { NoCandidates } from './NoCandidates';
import { withoutHeads } from './lines';
import { KeyCollector, valuesOf, type CandidateRow, type Line } from './rows';
import { TableToolbar } from './TableToolbar';
import { requestOf, useCandidates, type Candidates } from './useCandidates';
import { useFolding } from './useFolding';
import { useGridColumns } from './useGridColumns';
import { useLiveRows } from './useLiveRows';
import { useSelection } from './useSelection';
import { useColumns, type Navigate } from './useTableState';

interface Props {
  readonly project: string;
  /** The experiments' ids; null while they are not known. */
  readonly ids: readonly string[] | null;
  readonly search: TableSearch;
  readonly navigate: Navigate;
  /** Under which saved views are kept. */
  readonly name: string;
  /** What stands above, made of the experiments that the first answer told. */
  readonly header: (experiments: Candidates['experiments'], isUnknown: boolean) => ReactNode;
}

const MOST_VALUES = 200;

/** The candidates of some experiments: filtered, sorted, grouped, nested, selected, live. */
export function CandidatesTable({ project, ids, search, navigate, name, header }: Props) {
  const t = useT();
  const go = useNavigate();
  const request = useMemo(() => requestOf(search), [search]);
  const candidates = useCandidates(project, ids, request);
  const created = useLiveRows(project, candidates, search.view === 'deleted');
  const [collector] = useState(() => new KeyCollector());
  const keys = collector.add(candidates.rows);
  const columns = useColumns(search, keys, (ids?.length ?? 0) > 1, navigate);
  const { lines, fold, nestedRows } = useFolding(search, candidates.rows, !candidates.hasMore);
  const rows = useMemo(() => (nestedRows.length === 0 ? candidates.rows : [...candidates.rows, ...nestedRows]), [candidates.rows, nestedRows]);
  const selection = useSelection(search, navigate, rows);
  const grid = useGridColumns({ project, columns, fold });
  const latest = useRef(candidates.rows);
  latest.current = candidates.rows;
  const logged = useCallback((group: 'p' | 't', key: string) => valuesAmong(latest.current, group, key), []);
  // A refused filter has no answer; what the table is of stays known.
  const known = useRef(candidates.experiments);
  if (candidates.experiments.length > 0) known.current = candidates.experiments;
  const total = known.current.reduce((sum, one) => sum + (one.candidates.totalCount ?? 0), 0);
  const isFiltered = search.f !== undefined;
  const isRefused = candidates.failure?.code === 'INVALID_FILTER';
  return (
    <div className={styles.whole}>
      {header(known.current, candidates.isLoading || candidates.failure !== null)}
      <div className={styles.bar}>
        <FilterInput
          value={search.f ?? ''}
          onApply={(f) => navigate({ f: f === '' ? undefined : f })}
          keys={keys}
          valuesOf={logged}
          failure={candidates.failure}
        />
        <TableToolbar project={project} name={name} search={search} navigate={navigate} keys={keys} columns={columns} />
      </div>
      <div className={styles.count} aria-live="polite">
        {candidates.isLoading || candidates.failure !== null
          ? ' '
          : isFiltered || candidates.hasMore || search.view === 'deleted'
            ? t(candidates.hasMore ? 'candidates.shown_more' : 'candidates.shown', { count: candidates.rows.length, total })
            : t('candidates.count', { count: total })}
        {created > 0 && (
          <Button size="s" variant="secondary" onClick={candidates.again}>
            {t('candidates.created', { count: created })}
          </Button>
        )}
      </div>
      {selection.rows.length > 0 && (
        <BulkActions project={project} selection={selection} isTrash={search.view === 'deleted'} canWrite={candidates.canWrite} patch={candidates.patch} again={candidates.again} />
      )}
      {candidates.failure !== null && !isRefused ? (
        <Problem failure={candidates.failure} onRetry={candidates.again} />
      ) : !isRefused && !candidates.isLoading && lines.length === 0 && !candidates.hasMore ? (
        <NoCandidates project={project} isFiltered={isFiltered} isTrash={search.view === 'deleted'} clear={() => navigate({ f: undefined, view: undefined })} />
      ) : (
        <VirtualTable<Line>
          caption={t('candidates.title')}
          columns={grid.columns}
          groupHeaders={grid.groupHeaders}
          rows={lines}
          total={candidates.hasMore || candidates.isLoading ? undefined : lines.length}
          rowKey={(line) => line.key}
          onEndReached={candidates.more}
          columnState={grid.state}
          onColumnState={grid.onState}
          sort={grid.sortOf(search.sort)}
          onSort={(sort) => navigate({ sort: sort === null ? undefined : grid.sortText(sort) })}
          selection={selection.ids}
          onSelection={(next) => selection.set(withoutHeads(next, selection.ids, candidates.rows, search.group))}
          onOpen={(line) =>
            line.kind === 'group' ? fold(line) : void go({ to: '/p/$project/candidates/$candidate', params: { project, candidate: line.row.uuid } })
          }
          loading={candidates.isLoading || candidates.isLoadingMore}
        />
      )}
    </div>
  );
}

function valuesAmong(rows: readonly CandidateRow[], group: 'p' | 't', key: string): readonly string[] {
  const values = new Set<string>();
  for (const row of rows) {
    const value = valuesOf(row)[group].get(key);
    if (value !== undefined && value.length <= 100) values.add(value);
    if (values.size >= MOST_VALUES) break;
  }
  return [...values].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
}
