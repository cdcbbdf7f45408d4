// A query, mutations and a subscription through the typed operations, with each of the clients; prints what came of it.
import * as apollo from '../../../clients/typescript/examples/apollo.ts';
import * as plain from '../../../clients/typescript/examples/plain.ts';
import * as urql from '../../../clients/typescript/examples/urql.ts';
import { type ViewerQuery, type ViewerQueryVariables, ViewerDocument } from '../../../clients/typescript/operations.ts';
import { type Endpoint, type Operation, RequestFailed, request } from '../../../clients/typescript/request.ts';

declare const process: { readonly argv: string[]; exit(code: number): never };

async function followed(endpoint: Endpoint, project: string): Promise<Array<number | string>> {
  const candidate = await plain.begin(endpoint, project, 'training');
  await plain.log(endpoint, candidate, 0.5);
  const client = plain.connect(endpoint);
  const told = [];
  for await (const loss of plain.losses(client, candidate, endpoint.trusted)) {
    told.push(loss);
    if (told.length === 2) break;
    await plain.log(endpoint, candidate, 'NaN');
  }
  await client.dispose();
  return told;
}

/** The status and code with which the server refuses a document that was not generated. */
async function refusal(endpoint: Endpoint): Promise<unknown> {
  const other: Operation<ViewerQuery, ViewerQueryVariables> = {
    ...ViewerDocument,
    text: 'query Viewer { viewer { isAdmin } }',
    hash: '0'.repeat(64),
  };
  try {
    return await request(endpoint, other);
  } catch (error) {
    if (error instanceof RequestFailed) return [error.status, error.code];
    throw error;
  }
}

async function main(endpoint: Endpoint, project: string): Promise<object> {
  const fromUrql = urql.connect(endpoint);
  const fromApollo = apollo.connect(endpoint);
  const { viewer } = await request(endpoint, ViewerDocument);
  return {
    viewer: viewer?.user?.username,
    losses: await followed(endpoint, project),
    urql: [await urql.create(fromUrql, project, 'by-urql'), await urql.describe(fromUrql, project, 'by-urql')],
    apollo: [await apollo.create(fromApollo, project, 'by-apollo'), await apollo.describe(fromApollo, project, 'by-apollo')],
    again: await urql.create(fromUrql, project, 'by-apollo'),
    found: await plain.find(endpoint, project, 'by-'),
    refusal: await refusal(endpoint),
    refusalOfText: await refusal({ ...endpoint, trusted: false }),
  };
}

const [url, token, project, trusted] = process.argv.slice(2);
if (!url || !token || !project) throw new Error('Give address, token, project, and perhaps `trusted`.');
console.log(JSON.stringify(await main({ url, token, trusted: trusted === 'trusted' }, project)));
process.exit(0);
