/** The id of a thing as GraphQL names it, from its type and the numbers that other protocols print; docs/graphql.md. */
export function globalId(type: string, ...parts: readonly (string | number)[]): string {
  const bytes = new TextEncoder().encode([type, ...parts].join(':'));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
