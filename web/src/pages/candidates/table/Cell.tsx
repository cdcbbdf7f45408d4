import { ChevronDown, ChevronRight } from 'lucide-react';
import { useT } from '../../../i18n';
import { Chip, Duration, MetricValue, StatusChip, Time } from '../../../ui';
import { CellLink } from './CellLink';
import { partsOf } from './columns';
import styles from './CandidatesTable.module.css';
import { secondsOf, valuesOf, type CandidateRow, type Line } from './rows';

interface Props {
  readonly project: string;
  readonly line: Line;
  readonly id: string;
  readonly onFold: (line: Line) => void;
}

/** One cell of the table of candidates. */
export function Cell({ project, line, id, onFold }: Props) {
  if (line.kind === 'group') return id === 'a.name' ? <GroupHead line={line} onFold={onFold} /> : null;
  const { group, key } = partsOf(id);
  if (id === 'a.name') return <Name project={project} line={line} onFold={onFold} />;
  const { row } = line;
  if (group === 'a') return <AttributeCell project={project} row={row} attribute={key} />;
  if (group === 'm') {
    const value = valuesOf(row).m.get(key);
    return value === undefined ? null : <MetricValue value={value} />;
  }
  const value = valuesOf(row)[group].get(key);
  return value === undefined ? null : <span title={value.length > 20 ? value.slice(0, 500) : undefined}>{value.slice(0, 200)}</span>;
}

function GroupHead({ line, onFold }: { readonly line: Extract<Line, { kind: 'group' }>; readonly onFold: Props['onFold'] }) {
  const t = useT();
  return (
    <button type="button" className={styles.group} aria-expanded={line.isOpen} tabIndex={-1} onClick={() => onFold(line)}>
      {line.isOpen ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
      <strong>{line.value ?? t('candidates.group_none')}</strong>
      <span className={styles.muted}>{t(line.isEnded ? 'candidates.group_count' : 'candidates.group_count_more', { count: line.count })}</span>
    </button>
  );
}

function Name({ project, line, onFold }: { readonly project: string; readonly line: Extract<Line, { kind: 'candidate' }>; readonly onFold: Props['onFold'] }) {
  const t = useT();
  const { row, depth, isOpen } = line;
  const hasChildren = (row.children.totalCount ?? 0) > 0;
  return (
    <span className={styles.name} style={{ paddingLeft: depth * 18 }}>
      {hasChildren && (
        <button
          type="button"
          className={styles.fold}
          aria-expanded={isOpen}
          aria-label={t('candidates.children_of', { name: row.name, count: row.children.totalCount ?? 0 })}
          tabIndex={-1}
          onClick={(event) => (event.stopPropagation(), onFold(line))}
        >
          {isOpen ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
        </button>
      )}
      <CellLink address={`/${project}/-/candidates/${row.uuid}`} title={row.name}>
        {row.name}
      </CellLink>
    </span>
  );
}

function AttributeCell({ project, row, attribute }: { readonly project: string; readonly row: CandidateRow; readonly attribute: string }) {
  switch (attribute) {
    case 'status':
      return <StatusChip status={row.status} />;
    case 'started':
      return row.startedAt === null ? null : <Time at={row.startedAt} />;
    case 'created':
      return <Time at={row.createdAt} />;
    case 'duration': {
      const seconds = secondsOf(row, Date.now());
      return seconds === null ? null : <Duration seconds={seconds} />;
    }
    case 'user':
      return <span title={row.username}>{row.username}</span>;
    case 'uuid':
      return <code>{row.uuid}</code>;
    case 'experiment':
      return <ExperimentLink project={project} row={row} />;
    default:
      return <Versions project={project} row={row} />;
  }
}

function ExperimentLink({ project, row: { experiment } }: { readonly project: string; readonly row: CandidateRow }) {
  if (experiment === null) return null;
  return (
    <CellLink address={`/${project}/-/experiments/${experiment.number}`} title={experiment.name}>
      {experiment.name}
    </CellLink>
  );
}

function Versions({ project, row }: { readonly project: string; readonly row: CandidateRow }) {
  return (
    <>
      {row.modelVersions.slice(0, 3).map(({ id, version, model }) =>
        model === null ? null : (
          <CellLink key={id} address={`/${project}/-/models/${encodeURIComponent(model.name)}/versions/${encodeURIComponent(version)}`} title={`${model.name} ${version}`}>
            <Chip tone="accent">
              {model.name} {version}
            </Chip>
          </CellLink>
        ),
      )}
    </>
  );
}
