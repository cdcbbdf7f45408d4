import { execute, Failure } from '../../../api';
import { FileLinksDocument } from '../../../api/operations';
import { download, save } from './single';

/** What is put into an archive. */
export interface Entry {
  readonly id: string;
  readonly path: string;
  readonly size: number;
  readonly createdAt: string;
}

/** Browsers without a way to write a file while it comes keep the archive until it is whole; up to this many bytes. */
export const KEPT_BYTES = 2 * 1024 ** 3;

/** Links live for minutes: they are asked for shortly before they are used, this many at once. */
const LINKS = 20;

/** One file of an archive, as client-zip takes it. */
interface Part {
  readonly name: string;
  readonly size: number;
  readonly lastModified: Date;
  readonly input: ReadableStream<Uint8Array<ArrayBuffer>>;
}

type Target = { readonly createWritable: () => Promise<WritableStream<Uint8Array>> };
type Picker = (options: object) => Promise<Target>;

/** How files are saved together here. */
export function wayOf(size: number): 'stream' | 'kept' | 'each' {
  return 'showSaveFilePicker' in window ? 'stream' : size <= KEPT_BYTES ? 'kept' : 'each';
}

/**
 * Save files as one archive, or one after another where the browser can do no better; false: the person thought better of it.
 *
 * The archive is made while the files come; `onBytes` hears how many of them have.
 */
export async function saveTogether(
  entries: readonly Entry[],
  name: string,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const way = wayOf(entries.reduce((sum, { size }) => sum + size, 0));
  if (way === 'each') {
    for (const { id, path } of entries) {
      if (signal.aborted) return false;
      await download(id, path.slice(path.lastIndexOf('/') + 1));
      // Browsers take several downloads in one moment for a mistake.
      await new Promise((resolve) => setTimeout(resolve, 800));
    }
    return true;
  }
  // The picker has to be asked while the click still counts.
  const target = way === 'stream' ? await pick(name) : null;
  if (way === 'stream' && target === null) return false;
  const { makeZip } = await import('client-zip');
  const archive = makeZip(inputs(entries, onBytes, signal));
  if (target) {
    await archive.pipeTo(await target.createWritable(), { signal });
    return true;
  }
  const url = URL.createObjectURL(await new Response(archive).blob());
  save(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return true;
}

async function pick(name: string): Promise<Target | null> {
  const { showSaveFilePicker } = window as unknown as { readonly showSaveFilePicker: Picker };
  try {
    return await showSaveFilePicker({ suggestedName: name, types: [{ accept: { 'application/zip': ['.zip'] } }] });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    throw error;
  }
}

async function* inputs(
  entries: readonly Entry[],
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): AsyncGenerator<Part> {
  for (let at = 0; at < entries.length; at += LINKS) {
    let links = await linksOf(entries.slice(at, at + LINKS), signal);
    let asked = Date.now();
    for (const entry of entries.slice(at, at + LINKS)) {
      if (Date.now() - asked > 120_000) {
        links = await linksOf(entries.slice(at, at + LINKS), signal);
        asked = Date.now();
      }
      const response = await fetch(links.get(entry.id) ?? missing(entry), { signal });
      if (!response.ok || !response.body) throw new Failure('unknown', `${entry.path}: ${response.status}`);
      yield {
        name: entry.path,
        size: entry.size,
        lastModified: new Date(entry.createdAt),
        input: response.body.pipeThrough(counting(onBytes)),
      };
    }
  }
}

function counting(onBytes: (bytes: number) => void): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  return new TransformStream({
    transform(chunk, controller) {
      onBytes(chunk.byteLength);
      controller.enqueue(chunk);
    },
  });
}

async function linksOf(entries: readonly Entry[], signal: AbortSignal): Promise<Map<string, string>> {
  const { nodes } = await execute(FileLinksDocument, { ids: entries.map(({ id }) => id) }, signal);
  const found = new Map<string, string>();
  for (const node of nodes) {
    if (node?.__typename === 'Artifact' && node.downloadUrl !== null) found.set(node.id, node.downloadUrl);
  }
  return found;
}

function missing(entry: Entry): never {
  throw new Failure('notFound', entry.path, 'NOT_FOUND');
}
