import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** How much is read at once. */
const CHUNK = 8 * 1024 * 1024;

self.addEventListener('message', ({ data }: MessageEvent<{ readonly key: string; readonly file: Blob }>) => {
  void answer(data.key, data.file);
});

async function answer(key: string, file: Blob): Promise<void> {
  try {
    const hash = sha256.create();
    for (let at = 0; at < file.size; at += CHUNK) {
      hash.update(new Uint8Array(await file.slice(at, at + CHUNK).arrayBuffer()));
      self.postMessage({ key, bytes: Math.min(at + CHUNK, file.size) });
    }
    self.postMessage({ key, sha256: bytesToHex(hash.digest()) });
  } catch (error) {
    self.postMessage({ key, problem: String(error) });
  }
}
