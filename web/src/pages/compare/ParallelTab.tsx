import { useMemo } from 'react';
import { ParallelCoordinates, type Brushes } from '../../charts';
import { useT } from '../../i18n';
import controls from './Controls.module.css';
import type { FieldsTabProps } from './FieldsTab';
import { axisOf, isVaried } from './fields';
import { MetricsChoice } from './MetricsChoice';

const MOST_AXES = 30;
const FIRST_PARAMS = 6;

/** All sides as lines over params and metrics; choosing parts of axes leaves the sides within them. */
export function ParallelTab({ comparison, fields, search, change }: FieldsTabProps) {
  const t = useT();
  const usual = useMemo(() => usualAxes(fields), [fields]);
  const chosen = useMemo(
    () => (search.axes ?? usual).flatMap((id) => fields.find((field) => field.id === id) ?? []),
    [search.axes, usual, fields],
  );
  const axes = useMemo(
    () => chosen.map((field) => ({ ...axisOf(field, spans(field.values)), id: field.id, label: field.label })),
    [chosen],
  );
  const items = useMemo(
    () => comparison.sides.map((side, index) => ({ id: side.id, name: side.name, values: chosen.map((field) => field.values[index] ?? Number.NaN) })),
    [comparison, chosen],
  );
  const brushes = useMemo(() => brushesOf(search.brush), [search.brush]);
  const onBrushes = (next: Brushes) => {
    const texts = Object.entries(next).map(([id, range]) => `${range.map((end) => Number(end.toPrecision(6))).join(':')}:${id}`);
    change({ brush: texts.length > 0 ? texts : undefined });
  };
  return (
    <>
      <div className={controls.controls}>
        <MetricsChoice
          label={t('compare.axes')}
          items={fields.map((field) => ({ value: field.id, label: field.label }))}
          chosen={chosen.map((field) => field.id)}
          most={MOST_AXES}
          onChange={(next) => change({ axes: [...next] })}
        />
      </div>
      {axes.length < 2 ? (
        <p>{t('compare.choose_axes')}</p>
      ) : (
        <ParallelCoordinates title={t('compare.parallel')} axes={axes} items={items} brushes={brushes} onBrushes={onBrushes} />
      )}
    </>
  );
}

/** Params that differ, then the first metric that does: the last axis gives the colours. */
function usualAxes(fields: FieldsTabProps['fields']): string[] {
  const params = fields.filter((field) => field.group === 'param' && isVaried(field)).slice(0, FIRST_PARAMS);
  const metrics = fields.filter((field) => field.group === 'metric' && isVaried(field)).slice(0, params.length > 0 ? 1 : 4);
  return [...params, ...metrics].map((field) => field.id);
}

/** Whether positive values span so much that they are seen on a log axis only. */
function spans(values: readonly number[]): boolean {
  const finite = values.filter((value) => Number.isFinite(value));
  return finite.length > 0 && Math.min(...finite) > 0 && Math.max(...finite) / Math.min(...finite) >= 100;
}

function brushesOf(texts: readonly string[] | undefined): Brushes {
  return Object.fromEntries(
    (texts ?? []).flatMap((text) => {
      const [, from, to, id] = /^([^:]+):([^:]+):(.+)$/.exec(text) ?? [];
      return id === undefined || !Number.isFinite(Number(from)) || !Number.isFinite(Number(to)) ? [] : [[id, [Number(from), Number(to)] as const] as const];
    }),
  );
}
