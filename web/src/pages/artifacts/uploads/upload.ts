import type { FileOwner } from '../owner';

/** A file that a person has given, and the path that it is to have. */
export interface GivenFile {
  readonly path: string;
  readonly file: File;
  /** By which it can be opened again after the page was loaded anew, where browsers have that. */
  readonly handle?: FileSystemFileHandle;
}

/**
 * How far a file is.
 *
 * `waiting` for its turn, `hashing`, `announcing`, `sending`, `completing`, `verifying` by the server; `done`, `failed`;
 * `interrupted`: announced before the page was loaded anew, and to be given again.
 */
export type Phase =
  | 'waiting'
  | 'hashing'
  | 'announcing'
  | 'sending'
  | 'completing'
  | 'verifying'
  | 'done'
  | 'failed'
  | 'interrupted';

/** A part that is still to be sent, as the server has told it. */
export interface Part {
  readonly number: number;
  readonly offset: number;
  readonly size: number;
  readonly url: string;
}

/** One file on its way. It changes; what is shown is a copy. */
export interface Upload {
  /** Its own, for this browser. */
  readonly key: string;
  readonly owner: FileOwner;
  readonly path: string;
  readonly size: number;
  readonly modified: number;
  phase: Phase;
  /** Bytes that have arrived, or are on their way. */
  sent: number;
  file?: File | undefined;
  handle?: FileSystemFileHandle | undefined;
  sha256?: string | undefined;
  /** The id of the upload, once it is announced. */
  id?: string | undefined;
  /** Why it failed, by the server or the connection. */
  problem?: string | undefined;
  /** What is still to be sent. */
  parts: Part[];
  /** Whether there are more parts than `parts` has. */
  hasMore: boolean;
  /** Bytes of each part that is on its way, by its number. */
  readonly moving: Map<number, number>;
  /** Bytes of parts that have arrived. */
  arrived: number;
  readonly stop: AbortController;
}

/** Whether something is being done for it without a person. */
export function isMoving(upload: Pick<Upload, 'phase'>): boolean {
  return upload.phase !== 'done' && upload.phase !== 'failed' && upload.phase !== 'interrupted';
}

/** Whether leaving the page would stop it: what the server verifies goes on by itself. */
export function needsPage(upload: Pick<Upload, 'phase'>): boolean {
  return isMoving(upload) && upload.phase !== 'verifying';
}
