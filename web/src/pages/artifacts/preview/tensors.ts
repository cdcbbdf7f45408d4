import { readBytes, UNASKED_BYTES } from './content';
import { factsOf, isRecord, type FileDetails, type Json } from './details';
import { ggufTensors } from './gguf';

/** One tensor of a file of weights. */
export interface Tensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
}

/** The tensors that the server has listed when it inspected the file: all, or the first ones. */
export function listedTensors(file: FileDetails): readonly Tensor[] {
  const listed = factsOf(file)['tensors'];
  return Array.isArray(listed) ? listed.flatMap((each: Json) => (isRecord(each) ? tensorOf(String(each['name']), each) : [])) : [];
}

/** How many tensors there are, as far as the server knows. */
export function tensorCount(file: FileDetails): number | null {
  const count = factsOf(file)['tensorCount'];
  return typeof count === 'number' ? count : null;
}

/** How many bytes of the file have to be read for all of its tensors, as far as that can be known before. */
export function headerBytes(file: FileDetails): number {
  return Math.min(UNASKED_BYTES, file.size);
}

/**
 * All tensors, from the header of the file.
 *
 * @throws {RangeError} It is not what it says, or its header is too long.
 */
export async function allTensors(file: FileDetails, signal: AbortSignal): Promise<readonly Tensor[]> {
  const isGguf = file.format === 'gguf' || file.path.toLowerCase().endsWith('.gguf');
  return isGguf ? growing(file, signal) : safetensors(file, signal);
}

const LONGEST_HEADER = 100_000_000;

async function safetensors(file: FileDetails, signal: AbortSignal): Promise<readonly Tensor[]> {
  const start = await readBytes(file, 0, headerBytes(file), signal);
  const length = Number(new DataView(start.buffer).getBigUint64(0, true));
  if (length > LONGEST_HEADER || length + 8 > file.size) throw new RangeError('header');
  const bytes = length + 8 <= start.length ? start : await readBytes(file, 0, length + 8, signal);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, length + 8))) as Json;
  if (!isRecord(header)) throw new RangeError('header');
  return Object.entries(header).flatMap(([name, each]) => (name !== '__metadata__' && isRecord(each) ? tensorOf(name, each) : []));
}

/** How long the header of a GGUF file is stands nowhere: more is read until it is whole. */
async function growing(file: FileDetails, signal: AbortSignal): Promise<readonly Tensor[]> {
  for (let length = headerBytes(file); ; length = Math.min(length * 4, file.size)) {
    const tensors = ggufTensors(await readBytes(file, 0, length, signal));
    if (tensors) return tensors;
    if (length >= Math.min(file.size, LONGEST_HEADER)) throw new RangeError('header');
  }
}

function tensorOf(name: string, each: Readonly<Record<string, Json>>): Tensor[] {
  const shape = each['shape'];
  return [{ name, type: String(each['dtype'] ?? ''), shape: Array.isArray(shape) ? shape.map(Number) : [] }];
}
