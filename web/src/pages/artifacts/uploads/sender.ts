import { patiently } from './server';
import { sendPart } from './sending';
import type { Upload } from './upload';

/** Browsers open six connections to one server; some are left for the pages. */
const PARTS_AT_ONCE = 4;

/** Who hears how it goes. */
interface Hears {
  readonly onProgress: (upload: Upload) => void;
  /** All parts that are known have arrived. */
  readonly onSent: (upload: Upload) => void;
  readonly onFailed: (upload: Upload, error: unknown) => void;
}

/** Sends parts of all uploads, some at a time. */
export class Sender {
  #sending = 0;

  constructor(private readonly hears: Hears) {}

  /** Begin with as many parts of these as may be on their way at once, the first uploads first. */
  send(uploads: readonly Upload[]): void {
    for (const upload of uploads) {
      while (this.#sending < PARTS_AT_ONCE && upload.file && upload.parts.length > 0) void this.#next(upload, upload.file);
    }
  }

  async #next(upload: Upload, file: File): Promise<void> {
    const part = upload.parts.shift();
    if (!part) return;
    this.#sending += 1;
    upload.moving.set(part.number, 0);
    const told = (bytes: number) => {
      upload.moving.set(part.number, Math.min(bytes, part.size));
      this.hears.onProgress(upload);
    };
    try {
      await patiently(() => sendPart(file, part, upload.stop.signal, told), upload.stop.signal);
      upload.arrived += part.size;
      upload.moving.delete(part.number);
      if (upload.phase === 'sending' && upload.parts.length === 0 && upload.moving.size === 0) this.hears.onSent(upload);
    } catch (error) {
      // Its address may have ended: a retry asks for all that is missing.
      upload.moving.delete(part.number);
      upload.parts.unshift(part);
      this.hears.onFailed(upload, error);
    } finally {
      this.#sending -= 1;
      this.hears.onProgress(upload);
    }
  }
}
