// npm `@apollo/client`, version 4.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, type TypedDocumentNode, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { ModelCreateDocument, ModelDocument, type TypedDocument } from '../operations.ts';
import type { Endpoint } from '../request.ts';

/** The document as Apollo wants it, with its types. */
export function node<Data, Variables extends Record<string, unknown>>(
  document: TypedDocument<Data, Variables>,
): TypedDocumentNode<Data, Variables> {
  return gql(document.text) as TypedDocumentNode<Data, Variables>;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function connect({ url, token, trusted }: Endpoint): ApolloClient {
  const http = new HttpLink({ uri: url, headers: { authorization: `Bearer ${token}` } });
  // Apollo prints a document as `operations.ts` has it, so that it finds the same hash.
  const link = trusted ? ApolloLink.from([new PersistedQueryLink({ sha256 }), http]) : http;
  return new ApolloClient({ cache: new InMemoryCache(), link });
}

export async function create(client: ApolloClient, project: string, name: string): Promise<string | null> {
  const variables = { input: { project: { path: project }, name } };
  const { data } = await client.mutate({ mutation: node(ModelCreateDocument), variables });
  return data?.modelCreate.userErrors[0]?.code ?? null;
}

export async function describe(client: ApolloClient, project: string, name: string): Promise<string | undefined> {
  const { data } = await client.query({ query: node(ModelDocument), variables: { by: { path: { project, name } } } });
  return data?.model?.name;
}
