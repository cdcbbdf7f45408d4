import type { Sort } from '../../ui';

/** `-name` in an address as the sorting of a table. */
export function sortFrom(parameter: string): Sort {
  const descending = parameter.startsWith('-');
  return { column: descending ? parameter.slice(1) : parameter, direction: descending ? 'desc' : 'asc' };
}

/** The sorting of a table as it stands in an address; one of `known`, or nothing. */
export function sortTo<const Known extends string>(sort: Sort | null, known: readonly Known[]): Known | undefined {
  const parameter = sort && `${sort.direction === 'desc' ? '-' : ''}${sort.column}`;
  return known.find((one) => one === parameter);
}
