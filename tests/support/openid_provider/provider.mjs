// The certified OpenID provider, on loopback, told what to do by lines of JSON; it answers each with a line.
//
// The first line says {port, clients, accounts, options}. Then: {accounts} replaces who there is and what is told of them,
// {skew} lets its clock go ahead by so many seconds, {rotate} replaces its keys, {away} lets it answer 503 or nothing.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

// Standard output is for answers; the provider's own notices go elsewhere.
for (const name of ['info', 'log', 'warn']) console[name] = console.error;

const realNow = Date.now;
let accounts = {};
let keys = 0;
let away = null;
let handle = null;
let first = null;

function newKey() {
  keys += 1;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: `k${keys}`, use: 'sig', alg: 'RS256' };
}

function start() {
  const provider = new Provider(first.issuer, {
    clients: first.clients,
    jwks: { keys: [newKey()] },
    cookies: { keys: ['tests only'] },
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    scopes: ['openid', 'profile', 'email', 'groups'],
    findAccount: (_context, id) =>
      id in accounts ? { accountId: id, claims: async () => ({ ...accounts[id], sub: id }) } : undefined,
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => true },
    ...first.options,
  });
  handle = provider.callback();
}

const server = createServer((request, response) => {
  if (away === null) return handle(request, response);
  if (away === 'silent') return undefined;
  response.writeHead(503);
  return response.end('away');
});

for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line);
  if (told.accounts) accounts = told.accounts;
  if (told.skew !== undefined) Date.now = () => realNow() + told.skew * 1000;
  if (told.away !== undefined) away = told.away;
  if (told.issuer) {
    first = told;
    start();
    await new Promise((resolve) => server.listen(told.port, '127.0.0.1', resolve));
  }
  if (told.rotate) start();
  process.stdout.write('done\n');
}
server.closeAllConnections();
server.close();
