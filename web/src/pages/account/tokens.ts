import type { TokenLineFragment, TokenScope } from '../../api/operations';

/** How it is with a token. */
export type TokenState = 'active' | 'expiring' | 'expired' | 'revoked';

/** How it is with a token now. */
export function stateOf(token: TokenLineFragment, now: number): TokenState {
  if (token.revokedAt !== null) return 'revoked';
  if (token.expiresAt !== null && Date.parse(token.expiresAt) <= now) return 'expired';
  return token.isExpiring ? 'expiring' : 'active';
}

/** The scopes that a person may give to a token of their own, in the order of the form. */
export const PERSONAL_SCOPES = [
  'API',
  'READ_API',
  'READ_REGISTRY',
  'WRITE_REGISTRY',
  'WRITE_CANDIDATES',
  'READ_ARTIFACTS',
] as const satisfies readonly TokenScope[];

/** The end of a day as the moment that the server is told; undefined for no end. */
export function endOfDay(date: string): string | undefined {
  if (date === '') return undefined;
  const end = new Date(`${date}T23:59:59`);
  return Number.isNaN(end.getTime()) ? undefined : end.toISOString();
}

/** A date some days from now, as date fields have it. */
export function dateIn(days: number): string {
  const date = new Date();
  date.setDate(date.getDate() + days);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
