import address from './hash.worker?worker&url';

/** Larger files are sent unhashed: the server hashes what arrives anyway, and reading them twice would take minutes. */
const HASHED_BYTES = 2 * 1024 ** 3;

/** Up to here the browser's own digest, which takes a whole file at once, is the faster one. */
const AT_ONCE_BYTES = 16 * 1024 ** 2;

type Told = { readonly key: string; readonly bytes?: number; readonly sha256?: string; readonly problem?: string };

interface Scripts {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

let worker: Worker | undefined;

/** The pages' content policy wants to hear by which policy an address of a script is trusted: this one is of the build. */
function started(): Worker {
  if (worker) return worker;
  const { trustedTypes } = window as unknown as { readonly trustedTypes?: Scripts };
  const policy = trustedTypes?.createPolicy('modelyard-worker', {
    createScriptURL: (url) => {
      if (new URL(url, location.href).origin !== location.origin) throw new TypeError(url);
      return url;
    },
  });
  worker = new Worker(policy?.createScriptURL(address) ?? address, { type: 'module' });
  return worker;
}

/** The SHA-256 of a file in hexadecimal digits, by which bytes that the project has need not be sent; null: too large. */
export async function hashOf(
  key: string,
  file: File,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<string | null> {
  if (file.size > HASHED_BYTES) return null;
  // `crypto.subtle` is there on https and loopback alone.
  if (file.size <= AT_ONCE_BYTES && globalThis.crypto.subtle !== undefined) {
    const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  const hashing = started();
  return new Promise((resolve, reject) => {
    const end = () => {
      hashing.removeEventListener('message', heard);
      signal.removeEventListener('abort', stopped);
    };
    const stopped = () => {
      end();
      reject(signal.reason);
    };
    const heard = ({ data }: MessageEvent<Told>) => {
      if (data.key !== key) return;
      if (data.bytes !== undefined) return onBytes(data.bytes);
      end();
      if (data.sha256 !== undefined) resolve(data.sha256);
      else reject(new Error(data.problem ?? ''));
    };
    hashing.addEventListener('message', heard);
    signal.addEventListener('abort', stopped);
    hashing.postMessage({ key, file });
  });
}
