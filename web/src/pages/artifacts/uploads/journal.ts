import type { FileOwner } from '../owner';

/** What this browser keeps of an upload until it has ended, so that it can go on after the page was loaded anew. */
export interface Kept {
  readonly key: string;
  readonly owner: FileOwner;
  readonly path: string;
  readonly size: number;
  readonly modified: number;
  readonly id?: string | undefined;
  readonly sha256?: string | undefined;
  readonly handle?: FileSystemFileHandle | undefined;
  /** The tab that sends it. */
  readonly tab: string;
}

const NAME = 'modelyard.uploads';
const STORE = 'uploads';
const TAB = 'modelyard.tab';

/** This tab, the same after it was loaded anew. */
export function tab(): string {
  const known = sessionStorage.getItem(TAB);
  if (known !== null) return known;
  const made = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  sessionStorage.setItem(TAB, made);
  return made;
}

let opening: Promise<IDBDatabase | null> | undefined;

/** Null where a browser keeps nothing, as in private windows: uploads work, and cannot go on later. */
function database(): Promise<IDBDatabase | null> {
  opening ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'key' });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return opening;
}

async function transact<Result>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<Result> | null,
): Promise<Result | undefined> {
  const base = await database();
  if (base === null) return undefined;
  return new Promise((resolve) => {
    const transaction = base.transaction(STORE, mode);
    const request = act(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request?.result);
    // Full, or taken away by the person: what is under way goes on without.
    transaction.onabort = () => resolve(undefined);
  });
}

/** Keep these, or what they are now. */
export async function keep(uploads: readonly Kept[]): Promise<void> {
  await transact('readwrite', (store) => {
    for (const upload of uploads) store.put(upload);
    return null;
  });
}

/** Keep these no longer. */
export async function forget(keys: readonly string[]): Promise<void> {
  await transact('readwrite', (store) => {
    for (const key of keys) store.delete(key);
    return null;
  });
}

/** All that is kept, of all tabs. */
export async function kept(): Promise<readonly Kept[]> {
  return (await transact<Kept[]>('readonly', (store) => store.getAll() as IDBRequest<Kept[]>)) ?? [];
}
