import { Columns3, Ellipsis, Group } from 'lucide-react';
import { useState } from 'react';
import type { TableSearch } from '../../../routes/candidates';
import { useT } from '../../../i18n';
import { Button, IconButton, Menu } from '../../../ui';
import { ColumnChooser } from './ColumnChooser';
import { GroupChoice } from './GroupChoice';
import { SavedViews } from './SavedViews';
import type { LoggedKeys } from './columns';
import type { Navigate, TableColumns } from './useTableState';

interface Props {
  readonly project: string;
  readonly name: string;
  readonly search: TableSearch;
  readonly navigate: Navigate;
  readonly keys: LoggedKeys;
  readonly columns: TableColumns;
}

/** What changes how a table looks: its columns, groups, saved views. */
export function TableToolbar({ project, name, search, navigate, keys, columns }: Props) {
  const t = useT();
  const [isChoosing, setChoosing] = useState(false);
  const [isGrouping, setGrouping] = useState(false);
  return (
    <>
      <Button variant="secondary" icon={<Columns3 size={15} aria-hidden />} onClick={() => setChoosing(true)}>
        {t('candidates.columns')}
      </Button>
      <Button variant="secondary" icon={<Group size={15} aria-hidden />} onClick={() => setGrouping(true)}>
        {search.group === undefined ? t('candidates.group_by') : t('candidates.grouped_by', { key: search.group.slice(2) })}
      </Button>
      <SavedViews project={project} table={name} search={search} navigate={navigate} />
      <Menu
        trigger={<IconButton size="m" label={t('candidates.more')} icon={<Ellipsis size={16} aria-hidden />} />}
        items={[
          { label: t(search.flat ? 'candidates.nest' : 'candidates.flatten'), onSelect: () => navigate({ flat: search.flat ? undefined : true }) },
          {
            label: t(search.view === 'deleted' ? 'candidates.view_active' : 'candidates.view_deleted'),
            onSelect: () => navigate({ view: search.view === 'deleted' ? undefined : 'deleted', sel: undefined }),
          },
          'separator',
          { label: t('candidates.reset'), onSelect: () => navigate({ f: undefined, sort: undefined, group: undefined, cols: undefined, flat: undefined, view: undefined, sel: undefined }) },
        ]}
      />
      {isChoosing && <ColumnChooser keys={keys} columns={columns} onClose={() => setChoosing(false)} />}
      {isGrouping && (
        <GroupChoice
          keys={keys}
          group={search.group}
          onClose={() => setGrouping(false)}
          onChoose={(group) => (setGrouping(false), navigate({ group }))}
        />
      )}
    </>
  );
}
