import { useMemo } from 'react';
import { ScatterChart } from '../../charts';
import { useT } from '../../i18n';
import { Checkbox } from '../../ui';
import controls from './Controls.module.css';
import type { FieldsTabProps } from './FieldsTab';
import { FieldChoice } from './FieldChoice';
import { axisOf, canBeLog, fieldOr } from './fields';

/** One field over another, coloured by a third. */
export function ScatterTab({ comparison, fields, search, change }: FieldsTabProps) {
  const t = useT();
  const x = fieldOr(fields, search.x, (field) => field.group === 'param') ?? fields[0];
  const y = fieldOr(fields, search.y, (field) => field.group === 'metric') ?? fields[0];
  const z = fields.find((field) => field.id === search.z && !field.words);
  const points = useMemo(
    () =>
      comparison.sides.map((side, index) => ({
        id: side.id,
        name: side.name,
        x: x?.values[index] ?? Number.NaN,
        y: y?.values[index] ?? Number.NaN,
        look: index,
        ...(z === undefined ? {} : { shade: z.values[index] ?? Number.NaN }),
      })),
    [comparison, x, y, z],
  );
  if (x === undefined || y === undefined) return null;
  return (
    <>
      <div className={controls.controls}>
        <FieldChoice label="X" fields={fields} value={x.id} onChange={(id) => change({ x: id })} />
        <Checkbox label={t('compare.log_x')} checked={search.xlog ?? false} disabled={!canBeLog(x)} onChange={(on) => change({ xlog: on || undefined })} />
        <FieldChoice label="Y" fields={fields} value={y.id} onChange={(id) => change({ y: id })} />
        <Checkbox label={t('compare.log_y')} checked={search.ylog ?? false} disabled={!canBeLog(y)} onChange={(on) => change({ ylog: on || undefined })} />
        <FieldChoice
          label={t('compare.colour')}
          fields={fields.filter((field) => !field.words)}
          value={z?.id ?? ''}
          none={t('compare.each_side')}
          onChange={(id) => change({ z: id || undefined })}
        />
      </div>
      <ScatterChart
        key={`${x.id} ${y.id}`}
        title={t('compare.over', { y: y.label, x: x.label })}
        points={points}
        x={axisOf(x, search.xlog ?? false)}
        y={axisOf(y, search.ylog ?? false)}
        {...(z === undefined ? {} : { shadeLabel: z.label })}
      />
    </>
  );
}
