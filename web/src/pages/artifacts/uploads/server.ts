import { change, execute, Failure, Refused } from '../../../api';
import {
  UploadsAbortDocument,
  UploadsBeginDocument,
  UploadsCompleteDocument,
  UploadsMissingDocument,
  UploadsStateDocument,
  type UploadPartsFragment,
  type UploadStateFragment,
} from '../../../api/operations';
import { lookupOf } from '../owner';
import type { Upload } from './upload';

/** How many uploads one request is about. */
export const BATCH = 100;

const ATTEMPTS = 6;

/** An upload as the server has it. */
export type Announced = UploadStateFragment;

/** The same with the parts that have not arrived, a hundred at most. */
export type WithParts = UploadStateFragment & UploadPartsFragment;

/** Announce files of one owner: all or none. */
export async function begin(uploads: readonly Upload[]): Promise<readonly WithParts[]> {
  const [first] = uploads;
  if (!first) return [];
  const files = uploads.map(({ path, size, sha256 }) => ({ path, size, sha256: sha256 ?? null }));
  const data = await patiently(() => change(UploadsBeginDocument, { input: { owner: lookupOf(first.owner), files } }));
  return data.artifactUploadCreate.artifactUploads ?? [];
}

/** Say that all parts of these were sent. */
export async function complete(ids: readonly string[]): Promise<readonly Announced[]> {
  const data = await patiently(() => change(UploadsCompleteDocument, { input: { ids: [...ids] } }));
  return data.artifactUploadComplete.artifactUploads ?? [];
}

/** Give these up. */
export async function abort(ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += BATCH) {
    await patiently(() => change(UploadsAbortDocument, { input: { ids: ids.slice(at, at + BATCH) } }));
  }
}

/** What has not arrived of each, in their order; null for what is forgotten. */
export async function missing(ids: readonly string[]): Promise<readonly (WithParts | null)[]> {
  const { nodes } = await patiently(() => execute(UploadsMissingDocument, { ids: [...ids] }));
  return nodes.map((node) => (node?.__typename === 'ArtifactUpload' ? node : null));
}

/** How far each is, in their order; null for what is forgotten. */
export async function states(ids: readonly string[]): Promise<readonly (Announced | null)[]> {
  const { nodes } = await patiently(() => execute(UploadsStateDocument, { ids: [...ids] }));
  return nodes.map((node) => (node?.__typename === 'ArtifactUpload' ? node : null));
}

/** Again and again as long as the server is busy or away: an upload of hours outlives a restart. */
export async function patiently<Result>(act: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      const isPassing = error instanceof Failure && ['offline', 'busy', 'upgrading'].includes(error.kind);
      if (error instanceof Refused || !isPassing || attempt >= ATTEMPTS) throw error;
      await pause(error.retryAfter ?? Math.min(2 ** (attempt - 1), 15), signal);
    }
  }
}

async function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = () => {
      window.clearTimeout(timer);
      window.removeEventListener('online', end);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = window.setTimeout(end, seconds * 1_000);
    window.addEventListener('online', end);
    signal?.addEventListener('abort', end);
  });
  signal?.throwIfAborted();
}
