import { useT } from '../../../i18n';
import { Duration, Empty, StatusChip, Table, TextLink, Time } from '../../../ui';
import { secondsOf } from '../table/rows';
import type { CandidateDetails } from './types';

/** The candidates that are nested in one, the newest first. */
export function ChildrenTab({ project, candidate: { children } }: { readonly project: string; readonly candidate: CandidateDetails }) {
  const t = useT();
  return (
    <>
      <Table
        caption={t('candidates.tab.children')}
        rows={children.nodes}
        rowKey={({ id }) => id}
        empty={<Empty title={t('candidates.no_children')} />}
        columns={[
          {
            id: 'name',
            header: t('candidates.attribute.name'),
            cell: ({ name, uuid }) => (
              <TextLink to="/p/$project/candidates/$candidate" params={{ project, candidate: uuid }}>
                {name}
              </TextLink>
            ),
          },
          { id: 'status', header: t('candidates.attribute.status'), cell: ({ status }) => <StatusChip status={status} /> },
          { id: 'started', header: t('candidates.attribute.started'), cell: ({ startedAt }) => startedAt !== null && <Time at={startedAt} /> },
          {
            id: 'duration',
            header: t('candidates.attribute.duration'),
            align: 'end',
            cell: (row) => {
              const seconds = secondsOf(row, Date.now());
              return seconds !== null && <Duration seconds={seconds} />;
            },
          },
        ]}
      />
      {children.pageInfo.hasNextPage && <p>{t('candidates.children_most', { count: children.nodes.length, total: children.totalCount ?? 0 })}</p>}
    </>
  );
}
