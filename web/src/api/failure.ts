/** What went wrong between a page and the server, as a page tells it. */
export type FailureKind =
  | 'offline'
  | 'unauthenticated'
  | 'forbidden'
  | 'notFound'
  | 'overQuota'
  | 'busy'
  | 'upgrading'
  | 'invalid'
  | 'unknown';

/** A request that was not answered with what was asked for. Refusals of a mutation are none: see {@link UserError}. */
export class Failure extends Error {
  override readonly name = 'Failure';

  constructor(
    readonly kind: FailureKind,
    message: string,
    /** The server's word for it, such as `NOT_FOUND`; see docs/graphql.md. */
    readonly code: string | null = null,
    /** Seconds to wait before another attempt. */
    readonly retryAfter: number | null = null,
    /** By which the server's log knows the request. */
    readonly requestId: string | null = null,
  ) {
    super(message);
  }
}

/** An entry of a mutation's `userErrors`. */
export interface UserError {
  readonly code: string;
  readonly message: string;
  /** The argument, dotted for one within another; null when it is about the whole. */
  readonly field: string | null;
}

const KINDS: Readonly<Record<string, FailureKind>> = {
  UNAUTHENTICATED: 'unauthenticated',
  FORBIDDEN: 'forbidden',
  NOT_FOUND: 'notFound',
  QUOTA_EXCEEDED: 'overQuota',
  STORAGE_FULL: 'overQuota',
  RATE_LIMITED: 'busy',
  OVERLOADED: 'busy',
  TOO_MANY_REQUESTS: 'busy',
  INVALID: 'invalid',
  // The pages are older or newer than the server: an upgrade is going on, or this tab outlived one.
  DOCUMENT_NOT_TRUSTED: 'upgrading',
  PERSISTED_QUERY_NOT_FOUND: 'upgrading',
  PERSISTED_QUERY_NOT_SUPPORTED: 'upgrading',
};

const STATUSES: Readonly<Record<number, FailureKind>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'notFound',
  408: 'busy',
  429: 'busy',
  502: 'upgrading',
  // Without a word of the server: from what stands before it while it is being replaced.
  503: 'upgrading',
  504: 'upgrading',
  507: 'overQuota',
};

/** The kind of a failure by the server's word and the status of its answer. */
export function kindOf(code: string | null, status: number): FailureKind {
  return (code !== null && KINDS[code]) || STATUSES[status] || (status >= 400 && status < 500 ? 'invalid' : 'unknown');
}

/** Any thrown value as a failure. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  return new Failure('unknown', thrown instanceof Error ? thrown.message : String(thrown));
}
