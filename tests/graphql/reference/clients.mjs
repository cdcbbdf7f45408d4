// The reference clients graphql-ws and graphql-sse under remote control: a command per line in, an event per line out.
import { createInterface } from 'node:readline';
import { createClient as createSocketClient } from 'graphql-ws';
import { createClient as createStreamClient } from 'graphql-sse';
import WebSocket from 'ws';

const open = new Map();
const tell = (event) => console.log(JSON.stringify(event));
const reason = (error) =>
  Array.isArray(error) ? { errors: error } : { code: error?.code, message: error?.reason ?? error?.message ?? String(error), status: error?.response?.status };

function client(command) {
  const authorization = command.token ? `Bearer ${command.token}` : undefined;
  if (command.transport === 'sse') {
    return createStreamClient({
      url: command.url,
      retryAttempts: 0,
      headers: authorization && command.by !== 'init' ? { authorization } : {},
    });
  }
  const handshake = command.by === 'header' ? { headers: { authorization } } : {};
  return createSocketClient({
    url: command.url.replace(/^http/, 'ws'),
    retryAttempts: 0,
    lazyCloseTimeout: 0,
    webSocketImpl: class extends WebSocket {
      constructor(url, protocols) {
        super(url, protocols, handshake);
      }
    },
    connectionParams: authorization && command.by !== 'header' ? { authorization } : undefined,
    on: { closed: (event) => tell({ name: command.name, kind: 'closed', code: event.code, reason: event.reason }) },
    onNonLazyError: () => {},
  });
}

const commands = {
  subscribe(command) {
    const { name, share } = command;
    const connection = share ? open.get(share).connection : client(command);
    const dispose = connection.subscribe(
      { query: command.query, variables: command.variables },
      {
        next: (result) => tell({ name, kind: 'next', ...result }),
        error: (error) => tell({ name, kind: 'error', ...reason(error) }),
        complete: () => tell({ name, kind: 'complete' }),
      },
    );
    open.set(name, { connection, dispose });
  },
  stop({ name }) {
    open.get(name)?.dispose();
  },
};

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const command = JSON.parse(line);
    commands[command.do](command);
  })
  .on('close', () => process.exit(0));
