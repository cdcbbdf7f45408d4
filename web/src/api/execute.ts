import { Failure, kindOf } from './failure';
import type { TypedDocument } from './operations';
import { isSessionEnded } from './session';

interface Problem {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string };
}

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly Problem[];
}

/** The one operation that is sent after the session has ended: whether there is a new one. */
const ASKS_FOR_SESSION = 'Viewer';

/** The address of GraphQL. */
export const ENDPOINT = '/graphql';

/** Pages of other origins cannot add it, so that the server knows the request for one of its own pages. */
export const OWN_PAGE = { 'x-requested-with': 'Modelyard' } as const;

/** What an operation answers. */
export type DataOf<D> = D extends TypedDocument<infer Data, infer _> ? Data : never;

/** What an operation takes. */
export type VariablesOf<D> = D extends TypedDocument<infer _, infer Variables> ? Variables : never;

/** A request's body: the document by its hash, or in development by its text, which the server may not know yet. */
export function body<Data, Variables>(document: TypedDocument<Data, Variables>, variables: Variables) {
  const operation = { operationName: document.name, variables: variables as Record<string, unknown> };
  return import.meta.env.DEV
    ? { ...operation, query: document.text }
    : { ...operation, query: '', extensions: { persistedQuery: { version: 1, sha256Hash: document.hash } } };
}

/**
 * Run one operation with the session of the browser.
 *
 * @throws {Failure} There is no answer, or it has errors.
 */
export async function execute<Data, Variables>(
  document: TypedDocument<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Data> {
  if (isSessionEnded() && document.name !== ASKS_FOR_SESSION) throw new Failure('unauthenticated', '', 'UNAUTHENTICATED');
  const response = await send(JSON.stringify(body(document, variables)), signal);
  const answer = await read<Data>(response);
  const problem = answer?.errors?.[0];
  if (answer?.data && problem === undefined) return answer.data;
  const code = problem?.extensions?.code ?? null;
  throw new Failure(
    kindOf(code, response.status),
    problem?.message ?? `The server answered with status ${response.status}.`,
    code,
    Number(response.headers.get('retry-after')) || null,
    response.headers.get('x-request-id'),
  );
}

async function send(content: string, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(ENDPOINT, {
      method: 'POST',
      credentials: 'same-origin',
      headers: {
        accept: 'application/graphql-response+json, application/json',
        'content-type': 'application/json',
        ...OWN_PAGE,
      },
      body: content,
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure('offline', error instanceof Error ? error.message : String(error));
  }
}

async function read<Data>(response: Response): Promise<Answer<Data> | null> {
  try {
    return (await response.json()) as Answer<Data>;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    if (error instanceof TypeError) throw new Failure('offline', error.message);
    throw error;
  }
}
