// npm `@urql/core`, which the bindings for React, Vue and Svelte are made of.
import {
  type Client,
  type TypedDocumentNode,
  cacheExchange,
  createClient,
  fetchExchange,
  getOperationName,
  gql,
} from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { ModelCreateDocument, ModelDocument, type TypedDocument } from '../operations.ts';
import type { Endpoint } from '../request.ts';

const hashes = new Map<string, string>();

/** The document as urql wants it, with its types. */
export function node<Data, Variables>(document: TypedDocument<Data, Variables>): TypedDocumentNode<Data, Variables> {
  hashes.set(document.name, document.hash);
  return gql(document.text) as TypedDocumentNode<Data, Variables>;
}

/** Our hashes, by name: urql prints strings in its own way, so that a hash of what it prints would be another. */
const byHash = persistedExchange({
  enforcePersistedQueries: true,
  enableForMutation: true,
  preferGetForPersistedQueries: false,
  generateHash: async (_text, document) => hashes.get(getOperationName(document) ?? ''),
});

export function connect({ url, token, trusted }: Endpoint): Client {
  return createClient({
    url,
    preferGetMethod: false,
    fetchOptions: () => ({ headers: { authorization: `Bearer ${token}` } }),
    exchanges: [cacheExchange, ...(trusted ? [byHash] : []), fetchExchange],
  });
}

export async function create(client: Client, project: string, name: string): Promise<string | null> {
  const variables = { input: { project: { path: project }, name } };
  const { data, error } = await client.mutation(node(ModelCreateDocument), variables);
  if (error) throw error;
  return data?.modelCreate.userErrors[0]?.code ?? null;
}

export async function describe(client: Client, project: string, name: string): Promise<string | undefined> {
  const { data, error } = await client.query(node(ModelDocument), { by: { path: { project, name } } });
  if (error) throw error;
  return data?.model?.name;
}
