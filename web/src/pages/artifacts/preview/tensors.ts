import { readBytes, UNASKED_BYTES } from './content';
import { factsOf, isRecord, type FileDetails, type Json } from './details';
import { ggufTensors } from './gguf';

/** Longer headers are none, by the format of safetensors. */
export const LONGEST_HEADER = 100_000_000;

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

/**
 * All tensors, from the header of the file; null: it is longer than `most` bytes.
 *
 * @throws {RangeError} It is not what it says, or its header is too long.
 */
export async function allTensors(file: FileDetails, most: number, signal: AbortSignal): Promise<readonly Tensor[] | null> {
  const isGguf = file.format === 'gguf' || file.path.toLowerCase().endsWith('.gguf');
  return isGguf ? ofGguf(file, most, signal) : ofSafetensors(file, most, signal);
}

async function ofSafetensors(file: FileDetails, most: number, signal: AbortSignal): Promise<readonly Tensor[] | null> {
  const start = await readBytes(file, 0, Math.min(UNASKED_BYTES, file.size), signal);
  const end = Number(new DataView(start.buffer).getBigUint64(0, true)) + 8;
  if (end > LONGEST_HEADER || end > file.size) throw new RangeError('header');
  if (end > Math.max(most, start.length)) return null;
  const bytes = end <= start.length ? start : await readBytes(file, 0, end, signal);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, end))) as Json;
  if (!isRecord(header)) throw new RangeError('header');
  return Object.entries(header).flatMap(([name, each]) => (name !== '__metadata__' && isRecord(each) ? tensorOf(name, each) : []));
}

/** How long the header of a GGUF file is stands nowhere: more is read until it is whole. */
async function ofGguf(file: FileDetails, most: number, signal: AbortSignal): Promise<readonly Tensor[] | null> {
  for (let length = Math.min(UNASKED_BYTES, file.size); ; length = Math.min(length * 4, file.size)) {
    const tensors = ggufTensors(await readBytes(file, 0, length, signal));
    if (tensors) return tensors;
    if (length >= Math.min(file.size, LONGEST_HEADER)) throw new RangeError('header');
    if (length >= most) return null;
  }
}

function tensorOf(name: string, each: Readonly<Record<string, Json>>): Tensor[] {
  const shape = each['shape'];
  return [{ name, type: String(each['dtype'] ?? ''), shape: Array.isArray(shape) ? shape.map(Number) : [] }];
}
