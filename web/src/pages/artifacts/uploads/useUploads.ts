import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useMemo, useSyncExternalStore } from 'react';
import { isSame, type FileOwner } from '../owner';
import { FILES } from '../tree/first_files';
import { Uploads } from './manager';
import { interrupted } from './restore';
import type { Upload } from './upload';

/** Files often become ready together; their list is read again once for all. */
const GATHER_MILLISECONDS = 800;

let uploads: Uploads | undefined;

/** The uploads of this tab, made when they are first needed. */
export function uploadsOf(queries: QueryClient): Uploads {
  if (uploads) return uploads;
  const waiting = new Map<string, number>();
  uploads = new Uploads(({ kind, id }) => {
    if (waiting.has(id)) return;
    const timer = window.setTimeout(() => {
      waiting.delete(id);
      void queries.invalidateQueries({ queryKey: [FILES, kind, id] });
    }, GATHER_MILLISECONDS);
    waiting.set(id, timer);
  });
  const begun = uploads;
  // Signed out, or no connection: what was interrupted waits for the next load of the page.
  interrupted().then((restored) => begun.restore(restored), () => undefined);
  return uploads;
}

/** The uploads of one owner, and what can be done with them. */
export function useUploads(owner: FileOwner): { readonly uploads: Uploads; readonly shown: readonly Readonly<Upload>[] } {
  const all = uploadsOf(useQueryClient());
  const shown = useSyncExternalStore(all.shown.subscribe, all.shown.get);
  const { kind, id } = owner;
  return { uploads: all, shown: useMemo(() => shown.filter((one) => isSame(one.owner, { kind, id })), [shown, kind, id]) };
}
