import { Failure } from '../../../api';
import type { Part } from './upload';

/** The address of a part has ended, or its upload has. */
export class PartRefused extends Error {
  override readonly name = 'PartRefused';
}

/**
 * Send one part; `onBytes` hears how many bytes of it are on their way.
 *
 * @throws {PartRefused} The server does not take it at this address (any more).
 * @throws {Failure} The connection broke or the server is busy: it can be sent again.
 * @throws {DOMException} `signal` was aborted.
 */
export function sendPart(file: Blob, part: Part, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<void> {
  // `fetch` does not tell how far a body has come.
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    const stop = () => request.abort();
    const ended = () => signal.removeEventListener('abort', stop);
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', stop);
    request.open('PUT', part.url);
    request.upload.onprogress = ({ loaded }) => onBytes(loaded);
    request.onload = () => {
      ended();
      if (request.status >= 200 && request.status < 300) return resolve();
      if (request.status >= 400 && request.status < 500 && request.status !== 408 && request.status !== 429) {
        return reject(new PartRefused(messageOf(request)));
      }
      const wait = Number(request.getResponseHeader('retry-after')) || null;
      reject(new Failure('busy', messageOf(request), null, wait));
    };
    request.onerror = () => {
      ended();
      reject(new Failure('offline', ''));
    };
    request.onabort = () => {
      ended();
      reject(signal.reason ?? new DOMException('', 'AbortError'));
    };
    request.send(file.slice(part.offset, part.offset + part.size));
  });
}

function messageOf(request: XMLHttpRequest): string {
  try {
    const { message, detail } = JSON.parse(request.responseText) as { readonly message?: string; readonly detail?: string };
    return message ?? detail ?? `${request.status}`;
  } catch {
    return request.responseText.slice(0, 200) || `${request.status}`;
  }
}
