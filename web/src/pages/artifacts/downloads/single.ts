import { execute, Failure } from '../../../api';
import { FileLinkDocument } from '../../../api/operations';

/**
 * An address to read a file by, without a token, for five minutes.
 *
 * @throws {Failure} The file is gone or in quarantine, or there is no answer.
 */
export async function linkTo(id: string, signal?: AbortSignal): Promise<string> {
  const { artifact } = await execute(FileLinkDocument, { id }, signal);
  if (!artifact) throw new Failure('notFound', '', 'NOT_FOUND');
  if (artifact.downloadUrl === null) throw new Failure('forbidden', '', 'QUARANTINED');
  return artifact.downloadUrl;
}

/** Save what is at an address as a file; the server sends it as an attachment, so that no page is left. */
export function save(url: string, name: string): void {
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.rel = 'noopener';
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
}

/** Save one file. */
export async function download(id: string, name: string): Promise<void> {
  save(await linkTo(id), name);
}
