import { Ellipsis } from 'lucide-react';
import { useState } from 'react';
import type { ExperimentsQuery } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip, Count, Empty, IconButton, Menu, Person, Snippet, Table, TextLink, Time } from '../../ui';
import { TokenLink } from '../models/TokenLink';
import { ExperimentDelete } from './ExperimentDelete';
import { ExperimentDialog } from './ExperimentDialog';
import { useRestore } from './useRestore';
import styles from './ExperimentsTable.module.css';
import { trackingSnippets } from './snippets';

type Row = NonNullable<ExperimentsQuery['project']>['experiments']['nodes'][number];

interface Props {
  readonly project: string;
  readonly rows: readonly Row[];
  readonly isFiltered: boolean;
}

/** When something last happened in an experiment. */
function activityOf({ candidates, updatedAt }: Row): string {
  const latest = candidates.nodes[0]?.createdAt ?? updatedAt;
  return latest > updatedAt ? latest : updatedAt;
}

/** Experiments with what is in them. */
export function ExperimentsTable({ project, rows, isFiltered }: Props) {
  const t = useT();
  const restore = useRestore();
  const [chosen, setChosen] = useState<{ readonly row: Row; readonly act: 'rename' | 'delete' } | null>(null);
  const actions = (row: Row) => [
    ...(row.viewerCanUpdate && row.deletedAt === null ? [{ label: t('experiments.rename'), onSelect: () => setChosen({ row, act: 'rename' }) }] : []),
    ...(row.viewerCanDelete && row.deletedAt === null ? [{ label: t('experiments.delete'), danger: true, onSelect: () => setChosen({ row, act: 'delete' }) }] : []),
    ...(row.viewerCanDelete && row.deletedAt !== null ? [{ label: t('experiments.restore'), onSelect: () => void restore(row.id, row.name) }] : []),
  ];
  return (
    <>
      <Table
        caption={t('experiments.title')}
        rows={rows}
        rowKey={(row) => row.id}
        empty={
          isFiltered ? (
            <Empty title={t('experiments.none_match')}>{null}</Empty>
          ) : (
            <Empty title={t('experiments.none')} action={<TokenLink />} snippet={<Snippet tabs={trackingSnippets(project)} />}>
              {t('experiments.none_text')}
            </Empty>
          )
        }
        columns={[
          {
            id: 'name',
            header: t('experiments.name'),
            cell: (row) => (
              <span className={styles.named}>
                <TextLink to="/p/$project/experiments/$number" params={{ project, number: String(row.number) }} title={row.name}>
                  {row.name}
                </TextLink>
                {row.model !== null && <Chip tone="accent">{t('experiments.models')}</Chip>}
              </span>
            ),
          },
          { id: 'candidates', header: t('experiments.candidates'), align: 'end', cell: (row) => <Count value={row.candidates.totalCount ?? 0} /> },
          { id: 'activity', header: t('experiments.activity'), cell: (row) => <Time at={activityOf(row)} /> },
          { id: 'creator', header: t('experiments.creator'), hideOnPhone: true, cell: (row) => row.createdBy !== null && <Person user={row.createdBy} /> },
          { id: 'created', header: t('experiments.created'), hideOnPhone: true, cell: (row) => <Time at={row.createdAt} /> },
          {
            id: 'actions',
            header: '',
            align: 'end',
            width: 48,
            cell: (row) =>
              row.model === null &&
              actions(row).length > 0 && <Menu trigger={<IconButton label={t('experiments.actions_of', { name: row.name })} icon={<Ellipsis size={16} aria-hidden />} />} items={actions(row)} />,
          },
        ]}
      />
      {chosen?.act === 'rename' && <ExperimentDialog project={project} experiment={chosen.row} onClose={() => setChosen(null)} />}
      {chosen?.act === 'delete' && <ExperimentDelete experiment={chosen.row} onClose={() => setChosen(null)} />}
    </>
  );
}
