import type { Axis } from '../../charts';
import { seconds, type Comparison } from './comparison';

/** What a chart of values can be drawn of: one value a side. */
export interface Field {
  /** `param:<key>`, `metric:<key>` or `info:duration`. */
  readonly id: string;
  readonly label: string;
  readonly group: 'param' | 'metric' | 'info';
  /** Not finite: the side has none. Of words the position in them. */
  readonly values: readonly number[];
  /** Of a field that is no number everywhere. */
  readonly words?: readonly string[];
}

/** All fields of a comparison; params that are numbers on all sides that have them are numbers. */
export function fieldsOf({ params, metrics, sides }: Comparison, durationLabel: string): Field[] {
  return [
    ...params.map(({ key, values }) => ofTexts(`param:${key}`, key, values)),
    ...metrics.map(({ key, values }): Field => ({ id: `metric:${key}`, label: key, group: 'metric', values: values.map((last) => last?.value ?? Number.NaN) })),
    { id: 'info:duration', label: durationLabel, group: 'info', values: sides.map((side) => seconds(side) ?? Number.NaN) },
  ];
}

function ofTexts(id: string, label: string, texts: readonly (string | null)[]): Field {
  const numbers = texts.map((text) => (text === null || text.trim() === '' ? Number.NaN : Number(text)));
  if (texts.every((text, index) => text === null || Number.isFinite(numbers[index]))) return { id, label, group: 'param', values: numbers };
  const words = [...new Set(texts.filter((text) => text !== null))].sort();
  return { id, label, group: 'param', words, values: texts.map((text) => (text === null ? Number.NaN : words.indexOf(text))) };
}

/** Whether the sides differ in it. */
export function isVaried(field: Field): boolean {
  const finite = field.values.filter(Number.isFinite);
  return new Set(finite).size > 1;
}

/** The field of an id, or the first that fits, which differs between the sides if one does. */
export function fieldOr(fields: readonly Field[], id: string | undefined, fits: (field: Field) => boolean): Field | undefined {
  const fitting = fields.filter(fits);
  return fields.find((field) => field.id === id) ?? fitting.find(isVaried) ?? fitting[0];
}

/** Whether a field is made of numbers above zero alone, as log axes need them. */
export function canBeLog(field: Field | undefined): boolean {
  return field !== undefined && !field.words && field.values.every((value) => !Number.isFinite(value) || value > 0);
}

/** The field as an axis. */
export function axisOf(field: Field, log: boolean): Axis {
  return {
    label: field.label,
    log: log && canBeLog(field),
    ...(field.words ? { kind: 'words' as const, words: field.words } : field.id === 'info:duration' ? { kind: 'duration' as const } : {}),
  };
}
