import { useMemo } from 'react';
import { BoxPlot } from '../../charts';
import { useT } from '../../i18n';
import { Checkbox } from '../../ui';
import type { Comparison } from './comparison';
import controls from './Controls.module.css';
import type { FieldsTabProps } from './FieldsTab';
import { FieldChoice } from './FieldChoice';
import { canBeLog, fieldOr, isVaried, type Field } from './fields';

/** More groups say no more than the values themselves. */
const MOST_GROUPS = 30;

/** A field's values, in groups by a param or tag. */
export function BoxTab({ comparison, fields, search, change }: FieldsTabProps) {
  const t = useT();
  const groupings = useMemo(() => groupingsOf(comparison, fields), [comparison, fields]);
  const numbers = fields.filter((field) => !field.words);
  const by = groupings.find((field) => field.id === search.by) ?? groupings.find(isVaried) ?? groupings[0];
  const y = fieldOr(numbers, search.y, (field) => field.group === 'metric') ?? numbers[0];
  const groups = useMemo(() => groupsOf(by, y), [by, y]);
  if (by === undefined || y === undefined) return <p>{t('compare.few_numbers')}</p>;
  return (
    <>
      <div className={controls.controls}>
        <FieldChoice label={t('compare.values_of')} fields={numbers} value={y.id} onChange={(id) => change({ y: id })} />
        <FieldChoice label={t('compare.group_by')} fields={groupings} value={by.id} onChange={(id) => change({ by: id })} />
        <Checkbox label={t('compare.log_x')} checked={search.xlog ?? false} disabled={!canBeLog(y)} onChange={(on) => change({ xlog: on || undefined })} />
      </div>
      <BoxPlot title={t('compare.by', { y: y.label, group: by.label })} groups={groups} label={y.label} log={(search.xlog ?? false) && canBeLog(y)} />
    </>
  );
}

/** Params, whatever they are, and tags. */
function groupingsOf({ tags }: Comparison, fields: readonly Field[]): Field[] {
  const params = fields.filter((field) => field.group === 'param');
  const ofTags = tags
    .filter((row) => !row.key.startsWith('mlflow.'))
    .map(({ key, values }): Field => {
      const words = [...new Set(values.filter((value) => value !== null))].sort();
      return { id: `tag:${key}`, label: key, group: 'info', words, values: values.map((value) => (value === null ? Number.NaN : words.indexOf(value))) };
    });
  return [...params, ...ofTags];
}

function groupsOf(by: Field | undefined, y: Field | undefined): { name: string; values: number[] }[] {
  const groups = new Map<string, number[]>();
  by?.values.forEach((value, index) => {
    const measured = y?.values[index] ?? Number.NaN;
    if (!Number.isFinite(measured)) return;
    const name = Number.isFinite(value) ? (by.words?.[value] ?? String(value)) : '–';
    groups.set(name, [...(groups.get(name) ?? []), measured]);
  });
  const sorted = [...groups].sort(([one], [other]) => one.localeCompare(other, undefined, { numeric: true }));
  return sorted.slice(0, MOST_GROUPS).map(([name, values]) => ({ name, values }));
}
