// The explorer page: GraphiQL, speaking to the address that served it, as whoever is signed in, or with a token that
// lives as long as the tab.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { createElement as h, useEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import 'graphiql/style.css';
import './explorer.css';

const TOKEN = 'token';
const QUERY = `# Ctrl+Space completes, Ctrl+Enter runs. Subscriptions run over a WebSocket.
{
  viewer { user { username } scopes }
  projects(first: 10) {
    totalCount
    nodes { fullPath visibility viewerRole }
  }
}
`;

/** The document as it is sent: what the editor has read of it may be older, and a subscription must not go by POST. */
function documentOf(query) {
  try {
    return parse(query);
  } catch {
    return undefined; // the server says what is wrong with it
  }
}

/** What sends operations: POST for queries and mutations, graphql-transport-ws for subscriptions. */
function connected(token) {
  const url = location.origin + location.pathname;
  const authorization = token ? { authorization: `Bearer ${token}` } : {};
  const wsClient = createClient({ url: url.replace(/^http/, 'ws'), connectionParams: () => authorization });
  // With a session the server wants this header, which no page of another origin can send.
  const own = { 'X-Requested-With': 'GraphiQL', ...authorization };
  const send = (address, options) => fetch(address, { ...options, headers: { ...own, ...options.headers } });
  const sendOperation = createGraphiQLFetcher({ url, fetch: send, wsClient, enableIncrementalDelivery: false });
  const fetcher = (params, options) => sendOperation(params, { ...options, documentAST: documentOf(params.query) });
  return { fetcher, close: () => wsClient.dispose() };
}

function Explorer() {
  const [draft, setDraft] = useState(sessionStorage.getItem(TOKEN) ?? '');
  const [token, setToken] = useState(draft);
  const connection = useMemo(() => connected(token), [token]);
  useEffect(() => connection.close, [connection]);
  const use = (event) => {
    event.preventDefault();
    sessionStorage.setItem(TOKEN, draft.trim());
    setToken(draft.trim());
  };
  return h('div', { className: 'explorer' },
    h('header', null,
      h('strong', null, 'Modelyard GraphQL'),
      h('form', { onSubmit: use },
        h('label', null, 'Token ',
          h('input', {
            id: 'token', type: 'password', autoComplete: 'off', placeholder: 'none: as you are signed in',
            title: 'Kept until this tab is closed. Without a token, operations run as you are signed in.',
            value: draft, onChange: (event) => setDraft(event.target.value), onBlur: use,
          })))),
    h('main', null, h(GraphiQL, { key: token, fetcher: connection.fetcher, defaultQuery: QUERY, defaultEditorToolsVisibility: 'variables' })));
}

createRoot(document.getElementById('root')).render(h(Explorer));
