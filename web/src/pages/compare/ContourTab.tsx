import { useMemo } from 'react';
import { Contour } from '../../charts';
import { useT } from '../../i18n';
import { Checkbox } from '../../ui';
import controls from './Controls.module.css';
import type { FieldsTabProps } from './FieldsTab';
import { FieldChoice } from './FieldChoice';
import { axisOf, canBeLog, fieldOr, isVaried } from './fields';

const LEAST_POINTS = 3;

/** A field over two others that are numbers. */
export function ContourTab({ comparison, fields, search, change }: FieldsTabProps) {
  const t = useT();
  const numbers = useMemo(() => fields.filter((field) => !field.words), [fields]);
  const x = fieldOr(numbers, search.x, (field) => field.group === 'param') ?? numbers[0];
  const y = fieldOr(numbers, search.y, (field) => field.group === 'param' && field.id !== x?.id && isVaried(field)) ?? numbers[1];
  const z = fieldOr(numbers, search.z, (field) => field.group === 'metric') ?? numbers[0];
  const points = useMemo(
    () =>
      comparison.sides
        .map((side, index) => ({ name: side.name, x: x?.values[index] ?? Number.NaN, y: y?.values[index] ?? Number.NaN, z: z?.values[index] ?? Number.NaN }))
        .filter((point) => [point.x, point.y, point.z].every(Number.isFinite)),
    [comparison, x, y, z],
  );
  if (x === undefined || y === undefined || z === undefined) return <p>{t('compare.few_numbers')}</p>;
  return (
    <>
      <div className={controls.controls}>
        <FieldChoice label="X" fields={numbers} value={x.id} onChange={(id) => change({ x: id })} />
        <Checkbox label={t('compare.log_x')} checked={search.xlog ?? false} disabled={!canBeLog(x)} onChange={(on) => change({ xlog: on || undefined })} />
        <FieldChoice label="Y" fields={numbers} value={y.id} onChange={(id) => change({ y: id })} />
        <Checkbox label={t('compare.log_y')} checked={search.ylog ?? false} disabled={!canBeLog(y)} onChange={(on) => change({ ylog: on || undefined })} />
        <FieldChoice label="Z" fields={numbers} value={z.id} onChange={(id) => change({ z: id })} />
      </div>
      {points.length < LEAST_POINTS ? (
        <p>{t('compare.few_points')}</p>
      ) : (
        <Contour
          title={t('compare.over_two', { z: z.label, x: x.label, y: y.label })}
          points={points}
          x={axisOf(x, search.xlog ?? false)}
          y={axisOf(y, search.ylog ?? false)}
          label={z.label}
        />
      )}
    </>
  );
}
