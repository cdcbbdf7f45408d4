import { isSame, type FileOwner } from '../owner';
import { tab, type Kept } from './journal';
import { BATCH, type WithParts } from './server';
import type { Upload } from './upload';

let made = 0;

/** A file that waits for its turn. */
export function newUpload(
  owner: FileOwner,
  path: string,
  size: number,
  modified: number,
  file?: File,
  handle?: FileSystemFileHandle,
): Upload {
  const key = `${tab()}-${Date.now().toString(36)}-${(made += 1).toString(36)}`;
  return {
    key, owner, path, size, modified, file, handle, phase: file ? 'waiting' : 'interrupted', sent: 0, arrived: 0, parts: [],
    hasMore: false, moving: new Map(), stop: new AbortController(),
  };
}

/** What is kept of an upload until it has ended. */
export function record({ key, owner, path, size, modified, id, sha256, handle }: Upload): Kept {
  return { key, owner, path, size, modified, id, sha256, handle, tab: tab() };
}

/** Whether a file is that of an interrupted upload, wherever it is dropped this time. */
export function isAgain(upload: Upload, path: string, file: File): boolean {
  const isPath = upload.path === path || upload.path.endsWith(`/${path}`) || path.endsWith(`/${upload.path}`);
  return upload.phase === 'interrupted' && isPath && upload.size === file.size && upload.modified === file.lastModified;
}

/** Whether two are on their way to one place. */
export function isSamePath(one: Pick<Upload, 'owner' | 'path'>, other: Pick<Upload, 'owner' | 'path'>): boolean {
  return one.path === other.path && isSame(one.owner, other.owner);
}

/** What is still to be sent, as the server has told it; what is on its way now is not sent twice. */
export function takeParts(upload: Upload, { parts, partCount }: WithParts): void {
  upload.parts = parts.filter(({ number }) => !upload.moving.has(number));
  upload.hasMore = partCount > parts.length && parts.length === BATCH;
  const open = parts.reduce((sum, { size }) => sum + size, 0);
  upload.arrived = upload.hasMore ? Math.min(upload.arrived, upload.size) : Math.max(upload.size - open, 0);
}
