// Sends typed documents by fetch; imports nothing.

/** Where to ask, and who asks. */
export interface Endpoint {
  /** The address of GraphQL, such as `https://models.example.org/graphql`. */
  readonly url: string;
  /** Without one, what is public can be read. */
  readonly token?: string | undefined;
  /** Send the hash of a document instead of its text: the installation has to know it (`MODELYARD_TRUSTED_DOCUMENTS`). */
  readonly trusted?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A constant of `operations.ts`. */
export interface Operation<Data, Variables> {
  readonly name: string;
  readonly hash: string;
  readonly text: string;
  readonly __apiType?: (variables: Variables) => Data;
}

/** What an operation answers. */
export type DataOf<O> = O extends Operation<infer Data, never> ? Data : never;

/** What an operation takes. */
export type VariablesOf<O> = O extends { readonly __apiType?: (variables: infer Variables) => unknown } ? Variables : never;

/** An entry of `errors`. */
export interface Problem {
  readonly message: string;
  readonly path?: ReadonlyArray<string | number>;
  readonly extensions?: { readonly code?: string; readonly [key: string]: unknown };
}

/** The answer is not one, or has errors. Expected failures of a mutation are none: they stand in its `userErrors`. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  readonly status: number;
  readonly problems: readonly Problem[];
  /** What was answered nevertheless; fields that failed are null in it. */
  readonly data: unknown;
  /** Seconds to wait before another attempt, with the statuses 429 and 503. */
  readonly retryAfter: number | null;

  constructor(answer: Response, problems: readonly Problem[], data?: unknown) {
    super(problems[0]?.message ?? `The server answered with status ${answer.status}.`);
    this.status = answer.status;
    this.problems = problems;
    this.data = data;
    this.retryAfter = Number(answer.headers.get('retry-after')) || null;
  }

  /** What went wrong, in a word such as `NOT_FOUND`; see docs/graphql.md. */
  get code(): string | null {
    return this.problems[0]?.extensions?.code ?? null;
  }
}

type Arguments<Variables> = {} extends Variables ? [variables?: Variables] : [variables: Variables];

/**
 * The data that an operation answers.
 *
 * @throws {RequestFailed} There are errors, or no answer in JSON.
 * @throws {TypeError} The server cannot be reached.
 */
export async function request<Data, Variables>(
  endpoint: Endpoint,
  operation: Operation<Data, Variables>,
  ...[variables]: Arguments<Variables>
): Promise<Data> {
  const document = endpoint.trusted ? { documentId: operation.hash } : { query: operation.text };
  const answer = await fetch(endpoint.url, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json',
      'content-type': 'application/json',
      ...(endpoint.token ? { authorization: `Bearer ${endpoint.token}` } : {}),
    },
    body: JSON.stringify({ ...document, operationName: operation.name, variables }),
    signal: endpoint.signal ?? null,
  });
  const body = await read<Data>(answer);
  if (body?.errors || !body?.data) throw new RequestFailed(answer, body?.errors ?? [], body?.data);
  return body.data;
}

async function read<Data>(answer: Response): Promise<{ data?: Data | null; errors?: Problem[] } | null> {
  try {
    return await answer.json();
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
