import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { execute, Failure, setSessionEnded } from '../../api';
import { ViewerDocument } from '../../api/operations';

/** How things stand between this tab and the server. `outdated`: the server no longer knows these pages. */
export type Condition = 'fine' | 'offline' | 'upgrading' | 'outdated';

/** Words of the server for documents that it does not know. */
const UNKNOWN_DOCUMENT = new Set(['DOCUMENT_NOT_TRUSTED', 'PERSISTED_QUERY_NOT_FOUND', 'PERSISTED_QUERY_NOT_SUPPORTED']);
const RETRY_MILLISECONDS = 4_000;

let condition: Condition = 'fine';
let wasSignedIn = false;
let timer: number | undefined;
const listeners = new Set<() => void>();

function set(next: Condition): void {
  if (condition === next || condition === 'outdated') return;
  condition = next;
  for (const listener of listeners) listener();
}

/** The condition that is shown. */
export function useCondition(): Condition {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => condition,
  );
}

/** The server does not know these pages any more: only loading them again helps. */
export function setOutdated(): void {
  set('outdated');
}

/** Watch what becomes of all requests of the tab. Call it once. */
export function watchRequests(queries: QueryClient): void {
  const onFailure = (failure: unknown) => {
    if (failure instanceof Failure) judge(failure, queries);
  };
  queries.getQueryCache().subscribe((event) => {
    if (event.type !== 'updated') return;
    if (event.action.type === 'failed' || event.action.type === 'error') onFailure(event.action.error);
    if (event.action.type === 'success' && !event.action.manual) onAnswer(event.query.queryKey[0], event.action.data);
  });
  queries.getMutationCache().subscribe((event) => {
    if (event.type === 'updated' && event.action.type === 'error') onFailure(event.action.error);
  });
  window.addEventListener('offline', () => set('offline'));
  window.addEventListener('online', () => void probe(queries));
  // A script of the pages that is gone from the server: they were replaced by newer ones.
  window.addEventListener('vite:preloadError', setOutdated);
}

function judge(failure: Failure, queries: QueryClient): void {
  if (failure.kind === 'unauthenticated') {
    if (wasSignedIn) setSessionEnded(true);
    return;
  }
  if (failure.kind !== 'offline' && failure.kind !== 'upgrading') return;
  if (failure.code !== null && UNKNOWN_DOCUMENT.has(failure.code)) return set('outdated');
  set(failure.kind);
  timer ??= window.setTimeout(() => void probe(queries), RETRY_MILLISECONDS);
}

function onAnswer(operation: unknown, data: unknown): void {
  // An answer may have been on its way when the connection went.
  if (condition === 'upgrading' || (condition === 'offline' && navigator.onLine)) set('fine');
  if (operation === 'Shell' || operation === 'Home') wasSignedIn ||= hasUser(data);
}

function hasUser(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'viewer' in data && data.viewer !== null;
}

/** Try again; what failed meanwhile is asked for again once there is an answer. */
async function probe(queries: QueryClient): Promise<void> {
  window.clearTimeout(timer);
  timer = undefined;
  try {
    await execute(ViewerDocument, {});
    set('fine');
    await queries.refetchQueries({ predicate: (query) => query.state.status === 'error' || query.state.error !== null });
  } catch (error) {
    if (error instanceof Failure) judge(error, queries);
  }
}
