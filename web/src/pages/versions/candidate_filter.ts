/** A filter for candidates by what was typed: a UUID, or a part of a name. */
export function candidateFilter(typed: string): string {
  const text = typed.trim();
  if (text === '') return '';
  if (/^[0-9a-f]{32}$/i.test(text)) return `attributes.run_id = '${text.toLowerCase()}'`;
  // Signs that end or open something in the language of filters match any sign instead.
  return `attributes.run_name ILIKE '%${text.replaceAll(/['"`\\%]/g, '_')}%'`;
}
