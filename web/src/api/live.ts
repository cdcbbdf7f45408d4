import { useQueryClient } from '@tanstack/react-query';
import { createClient, type Client } from 'graphql-sse';
import { useEffect, useRef } from 'react';
import { body, ENDPOINT, OWN_PAGE } from './execute';
import type { TypedDocument } from './operations';

/** Events often come in bursts; what they touch is read again at most this often. */
const GATHER_MILLISECONDS = 400;

let shared: Client | undefined;

/** One client for the tab; each subscription is a stream of its own. */
function client(): Client {
  shared ??= createClient({
    url: ENDPOINT,
    credentials: 'same-origin',
    headers: OWN_PAGE,
    retryAttempts: Number.POSITIVE_INFINITY,
  });
  return shared;
}

/** Call `onEvent` for each event of a subscription while the page is shown; pass null for no subscription. */
export function useSubscription<Data, Variables>(
  document: TypedDocument<Data, Variables>,
  variables: Variables | null,
  onEvent: (data: Data) => void,
): void {
  const latest = useRef(onEvent);
  latest.current = onEvent;
  const key = JSON.stringify(variables);
  useEffect(() => {
    if (variables === null) return;
    return client().subscribe<Data>(body(document, variables), {
      next: ({ data }) => {
        if (data) latest.current(data);
      },
      // A stream that is refused (signed out, too many tabs) leaves a page that is read again by hand.
      error: () => undefined,
      complete: () => undefined,
    });
    // `variables` is compared by its value.
  }, [document, key]);
}

/** Read again what the named operations asked for whenever `document` tells of an event that `concerns` the page. */
export function useLive<Data, Variables>(
  document: TypedDocument<Data, Variables>,
  variables: Variables | null,
  refreshes: readonly string[],
  concerns: (data: Data) => boolean = () => true,
): void {
  const queries = useQueryClient();
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  useSubscription(document, variables, (data) => {
    if (!concerns(data) || timer.current !== undefined) return;
    timer.current = window.setTimeout(() => {
      timer.current = undefined;
      void queries.invalidateQueries({ predicate: ({ queryKey }) => refreshes.includes(String(queryKey[0])) });
    }, GATHER_MILLISECONDS);
  });
}
