// The built-in `fetch` for queries and mutations, npm `graphql-ws` for subscriptions.
import { type Client, createClient } from 'graphql-ws';
import {
  CandidateCreateDocument,
  CandidateLogDocument,
  CandidateUpdatedDocument,
  ExperimentCreateDocument,
  SearchDocument,
  type TypedDocument,
} from '../operations.ts';
import { type Endpoint, request } from '../request.ts';

/** Names what a project has under a text: every kind of thing is told apart by its `__typename`. */
export async function find(endpoint: Endpoint, project: string, text: string): Promise<string[]> {
  const { search } = await request(endpoint, SearchDocument, { project: { path: project }, search: text });
  return (search?.nodes ?? []).map((found) => {
    switch (found.__typename) {
      case 'Model':
        return `model ${found.name}, ${found.latestVersion?.version ?? 'no version'}`;
      case 'ModelVersion':
        return `version ${found.version} of ${found.model?.name ?? 'a model'}`;
      case 'Candidate':
        return `candidate ${found.name}, ${found.status}`;
      case 'Experiment':
        return `experiment ${found.name}`;
    }
  });
}

/** Begins a candidate; a mutation that did nothing says why in its `userErrors`. */
export async function begin(endpoint: Endpoint, project: string, experiment: string): Promise<string> {
  const { experimentCreate } = await request(endpoint, ExperimentCreateDocument, {
    input: { project: { path: project }, name: experiment },
  });
  if (experimentCreate.experiment === null) {
    throw new Error(experimentCreate.userErrors.map((one) => `${one.code}: ${one.message}`).join('\n'));
  }
  const { candidateCreate } = await request(endpoint, CandidateCreateDocument, {
    input: { experiment: { name: { project, name: experiment } }, params: [{ key: 'width', value: '64' }] },
  });
  if (candidateCreate.candidate === null) throw new Error(candidateCreate.userErrors[0]?.message);
  return candidateCreate.candidate.id;
}

export async function log(endpoint: Endpoint, candidate: string, loss: number | 'NaN'): Promise<void> {
  const metrics = [{ key: 'loss', value: loss, timestamp: Date.now() }];
  await request(endpoint, CandidateLogDocument, { input: { candidate: { id: candidate }, metrics } });
}

/** One connection for all subscriptions; it comes back by itself. */
export function connect({ url, token }: Endpoint): Client {
  const connectionParams = () => ({ authorization: `Bearer ${token}` });
  return createClient({ url: url.replace(/^http/, 'ws'), connectionParams });
}

/** What a subscription tells, typed. The hash names the document, where the installation knows it. */
export async function* watch<Data, Variables extends Record<string, unknown>>(
  client: Client,
  document: TypedDocument<Data, Variables>,
  variables: Variables,
  trusted = false,
): AsyncGenerator<Data, void, undefined> {
  const named = { query: '', extensions: { persistedQuery: { version: 1, sha256Hash: document.hash } } };
  const asked = trusted ? named : { query: document.text };
  for await (const { data, errors } of client.iterate<Data>({ ...asked, variables })) {
    if (errors) throw new Error(errors[0]?.message);
    if (data) yield data;
  }
}

/** The losses of a candidate, as they come. */
export async function* losses(client: Client, candidate: string, trusted = false): AsyncGenerator<number | string> {
  for await (const { candidateUpdated } of watch(client, CandidateUpdatedDocument, { by: { id: candidate } }, trusted)) {
    for (const metric of candidateUpdated.metrics) if (metric.key === 'loss') yield metric.value;
  }
}
